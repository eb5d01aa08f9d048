"""The table's rows, one module a topic; each has `rows()`."""
