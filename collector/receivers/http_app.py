"""The HTTP port: everything that telemetry comes in by over HTTP, one module for each protocol."""

from starlette.applications import Starlette

from collector.receivers import hec, ingest, mule_events, otlp_http, remote_write
from collector.receivers.http_intake import HttpConfig
from collector.receivers.intake import Intake

# Each gives its routes for an intake and the settings of the port.
ROUTES = (otlp_http.routes, ingest.routes, mule_events.routes, hec.routes, remote_write.routes)


def http_app(intake: Intake, config: HttpConfig) -> Starlette:
    """The ASGI application of the HTTP port."""
    return Starlette(routes=[route for routes in ROUTES for route in routes(intake, config)])
