"""Matchers of labels, as Prometheus and Alertmanager write them: `api="orders"`, `severity=~"critical|warning"`.

https://prometheus.io/docs/alerting/latest/configuration/#matcher
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from pydantic import BeforeValidator

from storage.patterns import Pattern, PatternFault

# The longer ones first: `=` begins `=~`.
OPERATORS = ("=~", "!~", "!=", "=")
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_FORM = re.compile(rf"(?P<name>{_NAME.pattern})\s*(?P<operator>=~|!~|!=|=)\s*(?P<value>.*)", re.DOTALL)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_BETWEEN = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^",])+')


@dataclass(frozen=True)
class Matcher:
    """What one label must be like; a label that is not there is the empty text."""

    name: str
    operator: str
    value: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        found = labels.get(self.name, "")
        if self.operator in ("=", "!="):
            return (found == self.value) is (self.operator == "=")
        return self._pattern.matches_all(found) is (self.operator == "=~")

    @cached_property
    def _pattern(self) -> Pattern:
        return Pattern(self.value)

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.name}{self.operator}"{escaped}"'


def matcher(name: str, operator: str, value: str) -> Matcher:
    """A checked matcher; raises ValueError with the cure."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a label; use letters, digits, _ and :, and no digit first")
    if operator not in OPERATORS:
        raise ValueError(f"{operator!r} is no operator of a matcher; use one of {', '.join(OPERATORS)}")
    if operator in ("=~", "!~"):
        try:
            Pattern(value)
        except PatternFault as fault:
            raise ValueError(f"{value!r} is no regular expression of RE2: {fault}") from None
    return Matcher(name, operator, value)


def parse_matcher(text: str) -> Matcher:
    """The matcher that a text stands for; raises ValueError with the cure."""
    found = _FORM.fullmatch(text.strip())
    value = found["value"] if found is not None else ""
    if found is None or (value.startswith('"') and not _QUOTED.fullmatch(value)):
        raise ValueError(f'{text!r} is no matcher; write one such as api="orders" or severity=~"critical|warning"')
    if value.startswith('"'):
        value = re.sub(r"\\(.)", lambda escape: "\n" if escape[1] == "n" else escape[1], value[1:-1], flags=re.DOTALL)
    return matcher(found["name"], found["operator"], value)


def parse_matchers(value: object) -> tuple[Matcher, ...]:
    """Matchers from a list of texts, from one text, or from `{api="orders", severity="critical"}`."""
    if isinstance(value, str):
        inner = value.strip()
        if inner.startswith("{") and inner.endswith("}"):
            inner = inner[1:-1]
        value = [part for part in _BETWEEN.findall(inner) if part.strip()]
    if isinstance(value, Iterable) and not isinstance(value, Mapping):
        return tuple(part if isinstance(part, Matcher) else parse_matcher(str(part)) for part in value)
    raise ValueError("is no list of matchers; write one such as ['api=\"orders\"', 'severity=~\"critical|warning\"']")


def show_matchers(matchers: Iterable[Matcher]) -> str:
    """The text that `parse_matchers` reads as these."""
    return f"{{{','.join(map(str, matchers))}}}"


def all_match(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether labels meet all of them; none are met by any labels."""
    return all(matcher.matches(labels) for matcher in matchers)


Matchers = Annotated[tuple[Matcher, ...], BeforeValidator(parse_matchers)]
