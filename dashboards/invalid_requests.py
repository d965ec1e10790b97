"""Requests that cannot be understood, answered so that the answer can always be written."""

import json

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

_LONGEST_NAME = 100


def answer_invalid_requests(server: FastAPI) -> None:
    """Answer them 422 or 400, on every route.

    FastAPI's own answer repeats what was sent, which may be long, and cannot be written where that is no Unicode text.
    """
    server.add_exception_handler(RequestValidationError, _invalid)
    server.add_exception_handler(UnicodeEncodeError, _no_text)


def _invalid(_request: Request, error: Exception) -> Response:
    errors = error.errors() if isinstance(error, RequestValidationError) else []
    faults = [
        {"loc": [str(part)[:_LONGEST_NAME] for part in fault["loc"]], "msg": fault["msg"], "type": fault["type"]}
        for fault in errors
    ]
    return _json(422, {"detail": faults})


def _no_text(_request: Request, _error: Exception) -> Response:
    message = "The request holds half of a surrogate pair, which is no Unicode text. Send it as UTF-8."
    return _json(400, {"error": message, "kind": "InvalidText"})


def _json(status: int, content: object) -> Response:
    return Response(json.dumps(content), status_code=status, media_type="application/json")
