"""The HTTP port: everything that telemetry comes in by over HTTP, one module for each protocol."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from collector.intake.intake import Intake
from collector.receivers.http import hec, ingest, mule_events, remote_write
from collector.receivers.http import otlp as otlp_http
from collector.receivers.http.body_memory import BodyMemory
from collector.receivers.http.config import HttpConfig

# Each gives its routes for an intake, the settings of the port and what its bodies share.
ROUTES = (otlp_http.routes, ingest.routes, mule_events.routes, hec.routes, remote_write.routes)


def http_app(intake: Intake, config: HttpConfig) -> Starlette:
    """The ASGI application of the HTTP port."""
    memory = BodyMemory(config.max_large_bodies, config.large_body_wait)
    return Starlette(
        routes=[route for routes in ROUTES for route in routes(intake, config, memory)],
        exception_handlers={HTTPException: _no_way_in},
    )


async def _no_way_in(request: Request, fault: Exception) -> Response:
    """The answer at an unknown address or method; Starlette's own does not say what to do."""
    if not isinstance(fault, HTTPException):
        raise fault
    path, headers = request.url.path, fault.headers or {}
    message = (
        f"{request.method} is not taken at {path}; use {headers['Allow']}."
        if "Allow" in headers
        else f"Nothing is taken at {path}; docs/http-api.md has every address."
    )
    return JSONResponse({"error": message}, status_code=fault.status_code, headers=headers)
