"""Dash without those of its scripts that no page needs: a tenth of the bytes of a first load."""

import re
from typing import Any

from dash import Dash

# Components that are not used here, and what browsers lack that know nothing of today's JavaScript.
_NOT_NEEDED = ("dash/dcc/", "dash/dash_table/", "dash/deps/polyfill@")
_SCRIPT = re.compile(r'<script src="[^"]*/_dash-component-suites/(?P<file>[^"]+)"></script>\n?')


class DashWithNeededScripts(Dash):
    """Leaves them out of the document."""

    def interpolate_index(self, *arguments: Any, **named: Any) -> str:
        """As Dash calls it, with those of `scripts` that are needed."""
        named["scripts"] = _SCRIPT.sub(_if_needed, named["scripts"])
        return str(super().interpolate_index(*arguments, **named))  # type: ignore[no-untyped-call]  # Dash has no types


def _if_needed(script: re.Match[str]) -> str:
    return "" if script["file"].startswith(_NOT_NEEDED) else script[0]
