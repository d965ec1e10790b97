"""A naming rule as operators write it: in the words of Prometheus' relabelling."""

import re
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from collector.formats.naming.look_up import LookUp
from collector.formats.naming.source import fault
from storage.patterns import Pattern, PatternFault

Target = Literal["environment", "gateway", "instance", "api", "api_version", "consumer"]

_REFERENCE = re.compile(r"\$(?:\{(\w+)\}|(\d))")


class NamingRule(BaseModel):
    """What names a thing: the first rule for its target that yields a name counts, before what telemetry says."""

    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))

    target: Target = Field(description="What is named.")
    source: str = Field(description="What the name is read from, e.g. path, cluster, label:app, header:x-tenant.")
    claim: str = Field(default="", description="Of a source that holds a JWT or its payload: the claim to take.")
    regex: str = Field(default="(.+)", description="What the whole of it must match (RE2).")
    replacement: str = Field(default="$1", description="What becomes of it; $1 is what its first group matched.")
    prefixes: dict[str, str] = Field(default={}, description="Names by the beginning of a path; the longest counts.")
    values: dict[str, str] = Field(default={}, description="Names by the whole value.")
    look_up: Path | None = Field(default=None, description="Or a CSV file of them, `id,name` a line.")
    when: dict[str, str] = Field(default={}, description="Further sources, and the regex that each must match.")

    @field_validator("source")
    @classmethod
    def _is_known(cls, source: str) -> str:
        if problem := fault(source):
            raise ValueError(problem)
        return source

    @field_validator("when")
    @classmethod
    def _are_known(cls, when: dict[str, str]) -> dict[str, str]:
        for source, regex in when.items():
            if problem := fault(source):
                raise ValueError(problem)
            _groups(regex)
        return when

    @field_validator("look_up")
    @classmethod
    def _can_be_read(cls, path: Path | None) -> Path | None:
        if path is not None:
            try:
                LookUp(path).read()
            except OSError as error:
                raise ValueError(
                    f"{path} cannot be read: {error.strerror}; name a CSV file, `id,name` a line"
                ) from None
            except UnicodeDecodeError:
                raise ValueError(f"{path} is not UTF-8 text; save it as UTF-8") from None
            except ValueError as error:
                raise ValueError(f"{path}: {error}") from None
        return path

    @model_validator(mode="after")
    def _is_usable(self) -> Self:
        if self.claim and ":" not in self.source:
            raise ValueError(f"claim: {self.source} holds no token; name what does, as in header:authorization")
        groups = _groups(self.regex)
        for reference in _REFERENCE.finditer(self.replacement):
            group = reference[1] or reference[2]
            if not group.isdigit() or int(group) > min(groups, 9):
                have = f"has {groups} groups" if groups != 1 else "has one group"
                raise ValueError(
                    f"replacement: there is no ${group}, the regex {have}; put brackets around what is meant"
                )
        given = [name for name in ("prefixes", "values", "look_up") if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(
                f"give one of prefixes, values and look_up, not {' and '.join(given)}; make them rules of their own"
            )
        for prefix in self.prefixes:
            if not prefix.startswith("/"):
                raise ValueError(f"prefixes: {prefix!r} does not begin a path; write it with a / before it")
        return self

    @cached_property
    def names(self) -> LookUp | None:
        """The look-up file, opened."""
        return None if self.look_up is None else LookUp(self.look_up)

    @property
    def substitution(self) -> str:
        """The replacement as ClickHouse writes it."""
        return _REFERENCE.sub(lambda found: f"\\{found[1] or found[2]}", self.replacement.replace("\\", "\\\\"))

    def __str__(self) -> str:
        of = f"claim {self.claim} of {self.source}" if self.claim else self.source
        return f"{self.target} from {of}"


def _groups(regex: str) -> int:
    """How many groups a regular expression has. Raises ValueError."""
    try:
        return Pattern(regex).group_count
    except PatternFault as error:
        raise ValueError(f"regex {regex!r}: {error}") from None
