"""The cookie of a session."""

from starlette.requests import HTTPConnection
from starlette.responses import Response

from dashboards.access.sessions import LIFETIME_SECONDS

# Browsers take a cookie whose name begins with __Host- over HTTPS only, and from no other host.
_PLAIN, _SECURE = "gatelens-session", "__Host-gatelens-session"


def session_cookie(connection: HTTPConnection) -> str:
    """What the browser sent; '' where it sent none."""
    return connection.cookies.get(_name(connection), "")


def set_session_cookie(response: Response, connection: HTTPConnection, value: str) -> None:
    # Lax and not strict: with strict, a link in a message would ask for the password again.
    response.set_cookie(
        _name(connection), value, max_age=LIFETIME_SECONDS, secure=is_secure(connection), httponly=True, samesite="lax"
    )


def delete_session_cookie(response: Response, connection: HTTPConnection) -> None:
    response.delete_cookie(_name(connection), secure=is_secure(connection), httponly=True, samesite="lax")


def _name(connection: HTTPConnection) -> str:
    return _SECURE if is_secure(connection) else _PLAIN


def is_secure(connection: HTTPConnection) -> bool:
    """Also where a proxy on this machine ends TLS and says so by X-Forwarded-Proto, which uvicorn reads."""
    return bool(connection.url.scheme == "https")
