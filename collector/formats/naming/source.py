"""What a naming rule reads, as SQL over the rows that a transform yields."""

from collections.abc import Sequence

from collector.formats.naming.claim import claim_in, key_of
from collector.formats.shapes import Shape
from collector.formats.shared.literal import literal

# Columns of rows by the words of rules; `upstream` is Envoy's cluster.
_COLUMNS = {
    "environment": "environment",
    "kind": "gateway_kind",
    "gateway": "gateway",
    "instance": "instance",
    "api": "api",
    "api_id": "api_id",
    "api_version": "api_version",
    "route": "route",
    "path": "path",
    "method": "method",
    "cluster": "upstream",
    "consumer": "consumer",
    "user_agent": "user_agent",
    "client_address": "client_address",
    "host": "host",
    "service": "service",
    "name": "name",
    "format": "format",
}
# Under these the host that was asked for is among attributes and labels.
_AUTHORITY = ("server.address", "authority", "http.host")
# Who the client has proved to be: Envoy's and Istio's words, and those of Istio's metrics.
_PRINCIPAL = ("downstream_peer_uri_san", "source.principal", "source_principal", "principal")
_TAG = "fluent.tag"

_NAMED = ("attribute", "label", "header")
_MAPS = ("attributes", "labels")

WORDS = (*_COLUMNS, "authority", "principal", "tag", "file")


def fault(source: str) -> str:
    """What is wrong with a source; '' where it is one."""
    kind, colon, name = source.partition(":")
    if source in WORDS or (kind in _NAMED and name):
        return ""
    if colon or kind in _NAMED:
        return f"{source!r} is not a source; name what is read, as in {kind if kind in _NAMED else 'attribute'}:tenant"
    words = ", ".join(WORDS)
    return f"{source!r} is not a source; use one of {words}, or attribute:NAME, label:NAME, header:NAME"


def keys(source: str) -> Sequence[str]:
    """Under which keys of a record it is looked for, where no column has it."""
    kind, _, name = source.partition(":")
    if kind == "header":
        flat = name.lower().replace("-", "_")
        return (name.lower(), flat, f"http.request.header.{name.lower()}", f"http.request.header.{flat}")
    if kind in _NAMED:
        return (name,)
    return {"authority": _AUTHORITY, "principal": _PRINCIPAL}.get(source, ())


def sql(source: str, shape: Shape, claim: str = "") -> str:
    """SQL for the value in a row of a shape, '' if the row has none; no SQL if no row of the shape can have one.

    With a claim, the value is a token, and the claim is read from it.
    """
    if source in _COLUMNS:
        column = _COLUMNS[source]
        return f"toString({column})" if column in shape.columns else ""
    found = [column for column in _MAPS if column in shape.columns]
    of_map = found[0] if found else ""
    if source == "file":
        # docs/tables.md: the path of a file stands behind the host that it is of.
        return "extract(peer, '^(?:[^/]*:|\\\\.)(/.*)$')"
    values = [f"{of_map}[{literal(key)}]" for key in keys(source) if of_map]
    if claim:
        kept = [f"{of_map}[{literal(key_of(key, claim))}]" for key in keys(source) if of_map]
        return _first([*kept, *(claim_in(token, claim) for token in values)])
    if source == "principal" and "consumer" in shape.columns:
        values.append("toString(consumer)")
    if source == "tag":
        values += [f"{of_map}[{literal(_TAG)}]"] if of_map else []
        values.append("extract(peer, '^[^/]*/tag:(.*)$')")
    return _first(values)


def _first(values: Sequence[str]) -> str:
    if len(values) < 2:
        return "".join(values)
    return f"arrayFirst(one -> one != '', [{', '.join(values)}])"
