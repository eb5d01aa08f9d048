"""From a checked document to structs. Nothing is guessed: what is not written has the default of its struct."""

from typing import Any, TypeVar

import msgspec

from cctoolkit.model.project import Project
from cctoolkit.model.site import Site
from cctoolkit.model.step import Step
from cctoolkit.model.steps import step_types
from cctoolkit.spec.source import Document

T = TypeVar("T")


def project(document: Document) -> Project:
    """Build a Project from a document that passed its schema."""
    data = dict(document.data)
    flow: dict[str, Step] = {name: step(raw) for name, raw in data.pop("flow").items()}
    fields = {f.name: f for f in msgspec.structs.fields(Project)}
    sections = {name: msgspec.convert(value, fields[name].type) for name, value in data.items()}
    return Project(flow=flow, **sections)


def step(raw: dict[str, Any]) -> Step:
    """Build one step by its type."""
    return msgspec.convert(raw, step_types()[raw["type"]])


def site(document: Document) -> Site:
    """Build a Site from a document that passed its schema."""
    return msgspec.convert(document.data, Site)
