"""Attributes of HTML whose names Python cannot write."""

from collections.abc import Mapping
from typing import Any


def attributes(named: Mapping[str, str]) -> dict[str, Any]:
    """`aria-…`, `data-…` and the like, as keyword arguments of a component: `html.Nav(…, **attributes({…}))`."""
    return dict(named)
