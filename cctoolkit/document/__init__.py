"""Documents for people: one self-contained HTML page, its charts, and its words in Russian, Polish and
English.
"""
