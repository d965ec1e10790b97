"""Payloads into a spool, for tests that wait in a thread of their own."""

from concurrent.futures import Future

from collector.payload import Payload
from collector.spool.spool import Spool


def append(spool: Spool, payload: Payload) -> "Future[None]":
    """What the spool answers; raises SpoolFull without room."""
    told: Future[None] = Future()

    def tell(error: Exception | None) -> None:
        if error is None:
            told.set_result(None)
        else:
            told.set_exception(error)

    spool.offer(payload, tell)
    return told
