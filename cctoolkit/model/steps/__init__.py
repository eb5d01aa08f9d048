"""The step types, one module each. A module here is a step type: there is no list to keep."""

import importlib
import pkgutil
from functools import cache

from cctoolkit.errors import ToolkitBug
from cctoolkit.model.step import Step


@cache
def step_types() -> dict[str, type[Step]]:
    """Return every step type by its name in a spec (the module's name)."""
    found: dict[str, type[Step]] = {}
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        types = [t for t in vars(loaded).values() if isinstance(t, type) and issubclass(t, Step) and t is not Step]
        if len(types) != 1 or types[0].__struct_config__.tag != module.name:
            raise ToolkitBug(f"model/steps/{module.name}.py must define one Step with tag {module.name!r}")
        found[module.name] = types[0]
    return found
