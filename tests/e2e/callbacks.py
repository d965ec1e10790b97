"""The callbacks of the pages, called as a browser calls them, or as it never would."""

import json
from collections.abc import Sequence
from typing import Any

import httpx

_CLICKS = ("n_clicks", "n_intervals", "n_submit")


def callbacks(client: httpx.Client) -> list[dict[str, Any]]:
    """Those that the server answers."""
    found = client.get("/_dash-dependencies").json()
    return [one for one in found if not one.get("clientside_function")]


def callback_of(client: httpx.Client, output: str) -> dict[str, Any]:
    """The first that has an output, such as 'overview-notice.children'."""
    return next(one for one in callbacks(client) if output in _outputs(one["output"]))


def call(client: httpx.Client, callback: dict[str, Any], value: str) -> httpx.Response:
    """Call it with a value for each input and state; as JSON, for it may be what Python cannot write."""
    outputs = [dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) for name in _outputs(callback["output"])]
    first = callback["inputs"][0]
    body = json.dumps(
        {
            "output": callback["output"],
            "outputs": outputs if callback["output"].startswith("..") else outputs[0],
            "inputs": _filled(callback["inputs"]),
            "state": _filled(callback.get("state", [])),
            "changedPropIds": [f"{first['id']}.{first['property']}"],
        }
    )
    return client.post(
        "/_dash-update-component", content=body.replace('"@@"', value), headers={"Content-Type": "application/json"}
    )


def _filled(properties: Sequence[dict[str, str]]) -> list[dict[str, object]]:
    return [
        {"id": one["id"], "property": one["property"], "value": 1 if one["property"] in _CLICKS else "@@"}
        for one in properties
    ]


def _outputs(output: str) -> list[str]:
    """Such as 'a.children' and 'b.data' of '..a.children...b.data@1f..'."""
    return [name.partition("@")[0] for name in output.strip(".").split("...")]
