"""A format as users declare it in the configuration, and presets do in their files."""

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from collector.formats.custom import apache, envoy, haproxy, json_fields, nginx, nginx_json, regex
from collector.formats.custom.columns import Labels
from collector.formats.custom.faults import DefinitionFault, Fault
from collector.formats.custom.json_fields import JsonFields
from collector.formats.custom.reading import ESSENTIAL
from collector.formats.custom.regex import Expression
from collector.formats.custom.template import Template

_TEXTS: dict[str, Callable[[str], Template | JsonFields]] = {
    "nginx": lambda text: nginx_json.parse(text) or nginx.parse(text),
    "envoy": envoy.parse,
    "haproxy": haproxy.parse,
}
NOTATIONS = ("nginx", "apache", "envoy", "haproxy", "json", "logfmt", "regex")
_OF_FIELDS = ("json", "logfmt")

Parsed = Template | JsonFields | Expression


class Match(BaseModel):
    """When unnamed lines are recognised as a format."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    has: tuple[str | tuple[str, ...], ...] = Field(
        default=(),
        description="Fields that a line must have, with dots for those of objects in JSON; one of each list.",
    )
    lacks: tuple[str, ...] = Field(default=(), description="Fields that a JSON line must not have.")
    contains: str = Field(default="", description="A text in each line of it: lines without are not looked at.")
    lines: bool | None = Field(
        default=None,
        description="Whether lines of text are; where not given, those that hardly are of anything else.",
    )


_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_NAME_CURE = "use up to 63 lower-case letters, digits and _, a letter first"


class FormatDefinition(BaseModel):
    """The format of an access log, in the notation of the program that writes it."""

    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))

    name: str = Field(description="What the format is called wherever one is named.")
    summary: str = Field(default="", description="What writes it, in a line.")
    nginx: str = Field(default="", description="The text of nginx's `log_format`.")
    apache: str = Field(default="", description="The text of Apache's `LogFormat`, also of Tomcat's `pattern`.")
    envoy: str = Field(default="", description="The text of Envoy's `text_format`.")
    haproxy: str = Field(default="", description="The text of HAProxy's `log-format`.")
    json_lines: dict[str, Any] = Field(
        default={}, alias="json", description="Fields of a request, and where they are in a JSON line."
    )
    logfmt: dict[str, Any] = Field(
        default={}, description="Fields of a request, and their names in a line of name=value pairs."
    )
    regex: str = Field(default="", description="A regular expression (RE2) with a named group for each field.")
    units: dict[str, str] = Field(default={}, description="Of `regex`: the unit of durations, s, ms, us or ns.")
    times: dict[str, str] = Field(
        default={},
        description="Of `regex`: how `time` is written: iso, iso_utc, clf, unix, unix_ms, unix_us, unix_ns, strftime's",
    )
    gateway_kind: str = Field(
        default="", pattern=r"^[a-z_]{0,32}$", description="envoy, or else proxy, where not given."
    )
    gateway: str = Field(default="", description="The gateway that wrote it, where neither line nor source says.")
    environment: str = Field(default="", description="Its environment, where neither line nor source says.")
    match: Match = Match()

    @field_validator("json_lines", "logfmt", mode="before")
    @classmethod
    def _of_text(cls, fields: Any, info: ValidationInfo) -> Any:
        """On a command line they are text, as in YAML."""
        try:
            return yaml.safe_load(fields) if isinstance(fields, str) else fields
        except yaml.YAMLError as error:
            fault = str(getattr(error, "problem", error))
            notation = "logfmt" if info.field_name == "logfmt" else "json"
            raise ValueError(f"{notation} is not YAML: {fault}; write it as in {{status: code, url: path}}") from None

    @model_validator(mode="after")
    def _is_usable(self) -> "FormatDefinition":
        faults = [] if _NAME.fullmatch(self.name) else [f"name: {self.name!r} cannot be one; {_NAME_CURE}"]
        try:
            self._check()
        except ValueError as error:
            faults.append(str(error))
        if faults:
            raise ValueError("\n    ".join(faults))
        return self

    def _check(self) -> None:
        """Raise ValueError where the definition says too much, too little, or what cannot be read."""
        given = [notation for notation in NOTATIONS if self._text(notation)]
        if len(given) != 1:
            raise ValueError(f"give one of {', '.join(NOTATIONS)}; given: {', '.join(given) or 'none'}.")
        if (self.times and self.notation != "regex") or (self.units and self.notation not in ("regex", "apache")):
            raise ValueError(
                "units and times are for `regex`, units also for `apache`; other notations say them themselves."
            )
        if (self.notation not in _OF_FIELDS and self.match.has) or (self.notation != "json" and self.match.lacks):
            raise ValueError(
                "match.has and match.lacks are for `json`, match.has for `logfmt`; text is recognised by itself."
            )
        if not ESSENTIAL & {reading.field for reading in self.parsed.readings}:
            text = str(self._text(self.notation))
            message = f"says nothing of a request; it needs one of {', '.join(sorted(ESSENTIAL))}"
            raise DefinitionFault(self.notation, text, [Fault(0, message)])

    @property
    def notation(self) -> str:
        return next(notation for notation in NOTATIONS if self._text(notation))

    @property
    def labels(self) -> Labels:
        kind = self.gateway_kind or ("envoy" if self.notation == "envoy" else "proxy")
        return Labels(kind, self.gateway, self.environment)

    @cached_property
    def parsed(self) -> Parsed:
        """What the notation says. Raises DefinitionFault."""
        if self.notation in _OF_FIELDS:
            return json_fields.parse(self._text(self.notation), self.notation)
        if self.notation == "regex":
            return regex.parse(self.regex, self.units, self.times)
        if self.notation == "apache":
            return apache.parse(self.apache, self.units)
        return _TEXTS[self.notation](str(self._text(self.notation)))

    def _text(self, notation: str) -> Any:
        return getattr(self, "json_lines" if notation == "json" else notation)
