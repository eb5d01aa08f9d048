"""One module a figure, each with its `METRIC`; its name is the figure's name. Adding a file adds the figure.

Formulas use N, A, As and T as `kpi.terms` defines them.
"""
