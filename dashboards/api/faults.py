"""The one error handler of the HTTP API."""

import json
from collections.abc import Callable
from typing import Any

from fastapi.responses import JSONResponse, Response

from dashboards.errors import InvalidSharedLink, QueryQueueFull, WriteNotAllowed
from processors.errors import (
    InvalidAnnotation,
    InvalidDashboard,
    InvalidObjective,
    InvalidQuestion,
    InvalidReceiver,
    InvalidReplay,
    InvalidReport,
    InvalidRule,
    InvalidSavedView,
    InvalidSilence,
    ObjectiveExists,
    RebuildImpossible,
    ReplayUnderWay,
    UnknownAlert,
    UnknownEntry,
    UnknownRollup,
)
from processors.time.expression import InvalidRange, InvalidTimeExpression
from storage.errors import (
    AccessError,
    AccessUnavailable,
    DiskFull,
    GatelensError,
    QueryFailed,
    QueryLimitExceeded,
    QueryRefused,
    QueryStopped,
    StoreUnavailable,
)
from storage.faults import with_cure

_RETRY_AFTER_SECONDS = "5"


def fault_response(error: GatelensError) -> Response:
    """What went wrong as JSON, under the status that says who can cure it."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    body = {"error": str(error), "kind": type(error).__name__}
    headers = {"Retry-After": _RETRY_AFTER_SECONDS} if status == 503 else None
    return Response(json.dumps(body), status_code=status, headers=headers, media_type="application/json")


def answered(work: Callable[[], dict[str, Any]]) -> Response:
    """What some work comes to as JSON, or why it does not."""
    try:
        return JSONResponse(work())
    except GatelensError as error:
        return fault_response(with_cure(error))


_STATUS: tuple[tuple[type[GatelensError], int], ...] = (
    (InvalidReport, 400),
    (InvalidReplay, 400),
    (ReplayUnderWay, 409),
    (InvalidQuestion, 400),
    (InvalidSilence, 400),
    (InvalidRule, 400),
    (InvalidReceiver, 400),
    (InvalidAnnotation, 400),
    (InvalidSavedView, 400),
    (InvalidDashboard, 400),
    (InvalidSharedLink, 400),
    (InvalidObjective, 400),
    (ObjectiveExists, 409),
    (UnknownRollup, 400),
    (RebuildImpossible, 409),
    (UnknownAlert, 404),
    (UnknownEntry, 404),
    (AccessUnavailable, 503),
    # There is no administrator, token or link of that name.
    (AccessError, 404),
    (WriteNotAllowed, 403),
    (InvalidRange, 400),
    (InvalidTimeExpression, 400),
    (QueryRefused, 403),
    (QueryLimitExceeded, 422),
    (QueryFailed, 400),
    (StoreUnavailable, 503),
    (QueryStopped, 503),
    (QueryQueueFull, 503),
    (DiskFull, 507),
)
