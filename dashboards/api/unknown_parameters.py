"""Query parameters that an address of the HTTP API does not take: a filter with a slip in it would count everything."""

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

_API = "/api/v1/"


def refuse_unknown_parameters(request: Request) -> None:
    """A dependency of all routes, for those of the API; health checks may be asked with anything behind them.

    Raises RequestValidationError.
    """
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute) or not route.path.startswith(_API):
        return
    known = _known(request, route)
    listed = ", ".join(known) or "none"
    if faults := [
        {"loc": ("query", name), "msg": f"There is no such parameter; this address takes {listed}"}
        for name in dict.fromkeys(request.query_params)
        if name not in known
    ]:
        raise RequestValidationError(faults)


def _known(request: Request, route: APIRoute) -> list[str]:
    # It is made once, and says what models of parameters take too.
    described = request.app.openapi()["paths"][route.path_format][request.method.lower()]
    return [one["name"] for one in described.get("parameters", ()) if one["in"] == "query"]
