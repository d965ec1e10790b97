"""What is wrong with what people write for us, by field and line, with the cure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails


@dataclass(frozen=True, order=True)
class Fault:
    """What is wrong with a text, where, and the cure."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


def field_complaint(detail: ErrorDetails, root: type[BaseModel], location: Sequence[str | int]) -> str:
    """What is wrong with a field of a model, and the cure; `location` is within `root`."""
    if detail["type"] == "missing":
        return "is missing; add it"
    if detail["type"] == "extra_forbidden":
        return f"is no key here; the keys are {', '.join(_keys_at(location, root))}"
    if detail["type"] in ("value_error", "assertion_error"):
        return str(detail["ctx"]["error"])
    return f"{detail['msg'][:1].lower()}{detail['msg'][1:]}"


def _keys_at(location: Sequence[str | int], root: type[BaseModel]) -> list[str]:
    """The keys of the innermost section that a location is in."""
    model = root
    for part in location[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            model = _model_of(model.model_fields[part].annotation) or model
    return [str(field.alias or name) for name, field in model.model_fields.items()]


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation holds, such as that of `tuple[Rule, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_of, getattr(annotation, "__args__", ()))), None)
