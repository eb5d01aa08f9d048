"""What an apply would do, as a list of changes that `explain` prints and `deploy` performs: a dry run
cannot drift.
"""
