"""Validation of many specs with all rules, against the schema alone by a general tool on the same files."""

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import chdir
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from random import Random

import yaml
from jsonschema import Draft202012Validator
from made_specs import LINES_200, spec
from measure import ROOT, SEED, Row, best
from referencing import Registry, Resource

from cctoolkit.workflow import specs

FILES = 100
TIMES = 3
_SCHEMAS = ROOT / "schemas"


def _write(folder: Path) -> list[Path]:
    random, files = Random(SEED), []
    for number in range(FILES):
        path = folder / "projects" / f"made-{number}" / "project.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(spec(random, path.parent.name, *LINES_200), encoding="utf-8")
        files.append(path)
    return files


def _ours() -> None:
    files, problems = specs.validate([])
    if problems or len(files) != FILES:
        raise AssertionError(f"a made spec is not valid: {problems[:1]}")


def _registry() -> Registry:
    found = ((path.as_uri(), json.loads(path.read_text(encoding="utf-8"))) for path in _SCHEMAS.rglob("*.json"))
    return Registry().with_resources((uri, Resource.from_contents(schema)) for uri, schema in found)


def _by_jsonschema(files: list[Path]) -> Callable[[], None]:
    base = (_SCHEMAS / "project.schema.json").as_uri()
    checker = Draft202012Validator({"$ref": base}, registry=_registry())

    def check() -> None:
        for path in files:
            data = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
            if error := next(checker.iter_errors(data), None):
                raise AssertionError(error.message)

    return check


def _by_check_jsonschema(files: list[Path]) -> Callable[[], None]:
    from check_jsonschema.cli import main

    arguments = ["-q", "--schemafile", str(_SCHEMAS / "project.schema.json"), *map(str, files)]

    def check() -> None:
        if main(arguments, standalone_mode=False):
            raise AssertionError("check-jsonschema does not accept the made specs")

    return check


def rows() -> Iterator[Row]:
    """Yield ours against jsonschema, and against check-jsonschema where it is installed."""
    tools = {"jsonschema alone, PyYAML in C": _by_jsonschema}
    if find_spec("check_jsonschema"):
        tools["check-jsonschema"] = _by_check_jsonschema
    with tempfile.TemporaryDirectory() as name, chdir(name):
        files = _write(Path(name))
        lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) // FILES
        what = f"validate {FILES} specs of {lines} lines, all rules"
        works = [_ours, *(make(files) for make in tools.values())]
        ours, *others = best(*map(partial, works), times=TIMES)
    for tool, seconds in zip(tools, others, strict=True):
        yield Row(
            what, f"{ours / FILES * 1000:.1f} ms a spec", f"{seconds / FILES * 1000:.1f} ms, {tool}", ours / seconds
        )
