"""Which columns of a table a reader has chosen: `columns=<panel>:<key>,<key>` in the URL, of several tables by `;`."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboards.state.view import View

_PARAMETER = "columns"
_NEXT_TABLE = ";"


def chosen_columns(view: View, panel: str) -> Sequence[str] | None:
    """The keys of the columns shown after the first; None if nothing was chosen."""
    return _chosen(view).get(panel)


def column_choices(view: View, panel: str, labels: Mapping[str, str], shown: Sequence[str]) -> list[dict[str, Any]]:
    """For each column that can be chosen its label, whether it is shown, and the address that changes that."""
    chosen = chosen_columns(view, panel)
    choices: list[dict[str, Any]] = [
        {
            "label": label,
            "shown": key in shown,
            "href": _address(view, panel, [one for one in labels if (one in shown) != (one == key)]),
        }
        for key, label in labels.items()
    ]
    if chosen is not None:
        choices.append({"label": "Default", "shown": False, "href": _address(view, panel, None)})
    return choices


def _chosen(view: View) -> dict[str, list[str]]:
    tables = (one.partition(":") for one in view.parameter(_PARAMETER).split(_NEXT_TABLE) if ":" in one)
    return {panel: keys.split(",") for panel, _, keys in tables}


def _address(view: View, panel: str, keys: Sequence[str] | None) -> str:
    others = {name: kept for name, kept in _chosen(view).items() if name != panel}
    tables = others if keys is None else {**others, panel: list(keys)}
    written = _NEXT_TABLE.join(f"{name}:{','.join(kept)}" for name, kept in tables.items())
    return view.setting(**{_PARAMETER: written}).href()
