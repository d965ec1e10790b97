"""What people keep under a name, deleted over HTTP."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from fastapi import Request
from fastapi.responses import Response

from dashboards.access.writer import writer_of
from dashboards.api.faults import answered


class KeptByName(Protocol):
    """A store of such things."""

    def delete(self, name: str, author: str, now: datetime, /) -> object:
        """Raises GatelensError where there is none of that name."""


def delete_from(store: KeptByName, clock: Callable[[], datetime]) -> Callable[[str, Request], Response]:
    """The answer to a DELETE of one, in whose name the request is made."""

    def delete(name: str, request: Request) -> Response:
        def work() -> dict[str, Any]:
            store.delete(name, writer_of(request), clock())
            return {"name": name}

        return answered(work)

    return delete
