"""new: a project that validates, to begin with."""
def command() -> None:
    """x. Example: cctoolkit new"""
