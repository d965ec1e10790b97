"""Rules that several formats share, each written once: expressions that stand in their SQL as `{{rule(argument)}}`."""

import re
from functools import cache
from pathlib import Path

from collector.formats.shared.literal import literal
from collector.formats.shared.workload import GENERATED_NAME

_FOLDER = Path(__file__).parent / "rules"
_COMMENT = re.compile(r"^--.*\n", re.MULTILINE)
_USE = re.compile(r"\{\{(\w+)\(([^{}]*)\)\}\}")


def with_rules(layer: str) -> str:
    """The SQL of a layer with its rules spelt out; the argument of a rule takes the place of `{{1}}` in its file."""
    return _USE.sub(lambda use: _rule(use[1]).replace("{{1}}", use[2]), layer)


@cache
def _rule(name: str) -> str:
    text = _COMMENT.sub("", (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")).rstrip()
    return text.replace("{{generated_name}}", literal(GENERATED_NAME))
