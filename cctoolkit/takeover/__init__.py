"""An existing switch's configuration read into a first spec, and a list of all that a spec could not say: pure."""
