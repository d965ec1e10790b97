"""Rules that several formats share, each written once: expressions that stand in their SQL as `{{rule(argument)}}`."""

import re
from functools import cache
from pathlib import Path

from collector.formats.shared.literal import literal
from collector.formats.shared.workload import GENERATED_NAME, GENERATED_NAME_IN_NAMESPACE

_FOLDER = Path(__file__).parent / "rules"
_COMMENT = re.compile(r"^--.*\n", re.MULTILINE)
_USE = re.compile(r"\{\{(\w+)\(([^{}]*)\)\}\}")
_FRAGMENTS = {
    "{{generated_name}}": literal(GENERATED_NAME),
    "{{generated_name_in_namespace}}": literal(GENERATED_NAME_IN_NAMESPACE),
}


def with_rules(layer: str) -> str:
    """The SQL of a layer with its rules spelt out.

    The arguments of a rule, between semicolons, take the places of `{{1}}`, `{{2}}` in its file.
    """
    return _USE.sub(lambda use: _spelt_out(use[1], use[2].split(";")), layer)


def _spelt_out(name: str, arguments: list[str]) -> str:
    text = _rule(name)
    for number, argument in enumerate(arguments, 1):
        text = text.replace(f"{{{{{number}}}}}", argument.strip())
    return text


@cache
def _rule(name: str) -> str:
    text = _COMMENT.sub("", (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")).rstrip()
    for fragment, pattern in _FRAGMENTS.items():
        text = text.replace(fragment, pattern)
    return text
