"""Placeholders in annotations: `{{ value }}`, `{{ labels.api }}`; nothing is ever executed."""

import re
from collections.abc import Collection, Mapping

# What a placeholder can name besides labels.
PLAIN = ("value", "value_with_unit", "threshold", "threshold_with_unit", "window")

# `$value` and `$labels.api`, as Prometheus writes them, mean the same.
_PLACEHOLDER = re.compile(r"\{\{(?P<expression>(?:(?!\{\{|\}\}).)*+)\}\}")
_LABEL = "labels."
# Of a text for people; a template may name a label, which clients make long, any number of times.
_LONGEST_TEXT = 16_000


def template_faults(template: str, labels: Collection[str] | None) -> list[str]:
    """What is wrong with a template; `labels` are the names that its alerts carry, None where unknown."""
    names = [f"labels.{name}" for name in sorted(labels or ())]
    known = ", ".join((*PLAIN, *(names or ["labels.<name>"])))
    return [
        f"{{{{ {expression} }}}} is unknown; use one of {known}"
        for expression in map(_expression, _PLACEHOLDER.finditer(template))
        if not _is_known(expression, labels)
    ]


def render(template: str, plain: Mapping[str, str], labels: Mapping[str, str]) -> str:
    """The template with every placeholder filled; a label that an alert lacks is empty, as in Prometheus.

    What is longer than any message is cut.
    """

    def text(found: re.Match[str]) -> str:
        expression = _expression(found)
        if expression.startswith(_LABEL):
            return labels.get(expression.removeprefix(_LABEL), "")
        return plain.get(expression, "")

    parts, length, at = [], 0, 0
    for found in _PLACEHOLDER.finditer(template):
        parts += [template[at : found.start()], text(found)]
        length += len(parts[-2]) + len(parts[-1])
        at = found.end()
        if length > _LONGEST_TEXT:
            break
    else:
        parts.append(template[at:])
    rendered = "".join(parts)
    return rendered if len(rendered) <= _LONGEST_TEXT else f"{rendered[:_LONGEST_TEXT]}…"


def _expression(found: re.Match[str]) -> str:
    return found["expression"].strip().removeprefix("$")


def _is_known(expression: str, labels: Collection[str] | None) -> bool:
    if expression.startswith(_LABEL):
        return labels is None or expression.removeprefix(_LABEL) in labels
    return expression in PLAIN
