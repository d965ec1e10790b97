"""The kind of a gateway as a tag, under the name of the product."""

from dashboards.components.table import Cell, Row

_NAMES = {"mule": "Mule", "flex": "Flex", "mesh": "Mesh", "envoy": "Envoy", "proxy": "Proxy"}


def gateway_kind(row: Row) -> Cell:
    """Of a row with `gateway_kind`; one without a name is shown as it was reported."""
    kind = str(row["gateway_kind"])
    return {"tags": [_NAMES.get(kind, kind)]} if kind else ""
