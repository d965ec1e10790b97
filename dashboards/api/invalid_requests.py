"""Requests that cannot be understood, lead nowhere or fail, answered in the form of all errors of the HTTP API."""

import json
from collections.abc import Mapping

from dash.exceptions import DependencyException
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount

_LONGEST_NAME = 100
_MOST_DESCRIBED = 5
_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
_OF_FILES = "GET, HEAD"
_DOCUMENTED = "GET /api/v1/openapi.json tells what there is."


def answer_invalid_requests(server: FastAPI) -> None:
    """Answer them 4xx, on every route, with what is wrong and how to mend it.

    FastAPI's own answer repeats what was sent, which may be long, and cannot be written where that is no Unicode text.
    """
    server.add_exception_handler(RequestValidationError, _invalid)
    server.add_exception_handler(UnicodeEncodeError, _no_text)
    server.add_exception_handler(HTTPException, _no_route)
    server.add_exception_handler(Exception, _failed)
    # Dash has no file of that name.
    server.add_exception_handler(DependencyException, _no_route)


def _invalid(_request: Request, error: Exception) -> Response:
    errors = error.errors() if isinstance(error, RequestValidationError) else []
    faults = [
        {"where": [str(part)[:_LONGEST_NAME] for part in fault["loc"]], "what": str(fault["msg"])} for fault in errors
    ]
    described = "; ".join(f"{'.'.join(fault['where'])}: {fault['what']}" for fault in faults[:_MOST_DESCRIBED])
    message = f"The request cannot be used: {described}. {_DOCUMENTED}"
    return _json(422, {"error": message, "kind": "InvalidRequest", "faults": faults})


def _failed(_request: Request, _error: Exception) -> Response:
    message = "Gatelens failed to answer. Its log says why, as an error of uvicorn.error; please report it."
    return _json(500, {"error": message, "kind": "InternalError"})


def _no_text(_request: Request, _error: Exception) -> Response:
    message = "The request holds half of a surrogate pair, which is no Unicode text. Send it as UTF-8."
    return _json(400, {"error": message, "kind": "InvalidText"})


def _no_route(request: Request, error: Exception) -> Response:
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (404, None)
    path = request.url.path.encode("ascii", "replace").decode()[:_LONGEST_NAME]
    if status == 404:
        return _json(404, {"error": f"There is nothing at {path}. {_DOCUMENTED}", "kind": "UnknownAddress"})
    if status == 405:
        allowed = _allowed(request)
        message = f"{path} does not take {request.method[:_LONGEST_NAME]}; it takes {allowed}. {_DOCUMENTED}"
        return _json(405, {"error": message, "kind": "MethodNotAllowed"}, {**(headers or {}), "Allow": allowed})
    detail = error.detail if isinstance(error, HTTPException) else ""
    return _json(status, {"error": f"The request cannot be answered: {detail}.", "kind": "InvalidRequest"}, headers)


def _allowed(request: Request) -> str:
    """The methods of all routes of a path: Starlette tells those of the first alone."""
    routes = [route for route in request.app.routes if not isinstance(route, Mount)]
    # A folder of files that was entered would count as a part of the server's own path.
    scope = {**request.scope, "root_path": request.scope.get("app_root_path", request.scope.get("root_path", ""))}

    def takes(method: str) -> bool:
        return any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)

    return ", ".join(filter(takes, _METHODS)) or _OF_FILES


def _json(status: int, content: object, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        json.dumps(content),
        status_code=status,
        headers=dict(headers) if headers else None,
        media_type="application/json",
    )
