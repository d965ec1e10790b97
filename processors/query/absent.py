"""How the empty value of a dimension is written by people and shown to them: in filters '' would mean all."""

from collections.abc import Mapping

# Requests that the gateway knew no route for have no API.
NO_ROUTE = "(no route)"
UNVERSIONED = "(no version)"
# By dimension.
ABSENT: Mapping[str, str] = {"api": NO_ROUTE, "version": UNVERSIONED}
