"""The cookies of view-only links, one for each that a browser has opened."""

from collections.abc import Sequence

from starlette.requests import HTTPConnection
from starlette.responses import Response

from dashboards.access.cookie import is_secure
from storage.access.shared_links import SharedLink

_PLAIN, _SECURE = "gatelens-shared-", "__Host-gatelens-shared-"
# How many of a browser's cookies are read; each is looked up.
_MOST = 10


def shared_secrets(connection: HTTPConnection) -> Sequence[str]:
    """What the browser sent, of the ten links that it opened last."""
    return [connection.cookies[name] for name in _names(connection)[-_MOST:]]


def set_shared_cookie(
    response: Response, connection: HTTPConnection, link: SharedLink, secret: str, now: float
) -> None:
    """Lax and not strict, as of sessions; the browser forgets it when the link ends, or opens ten others."""
    own = f"{_prefix(connection)}{link.id}"
    others = [name for name in _names(connection) if name != own]
    for name in others[: max(0, len(others) + 1 - _MOST)]:
        response.delete_cookie(name, secure=is_secure(connection), httponly=True, samesite="lax")
    response.set_cookie(
        own,
        secret,
        max_age=max(1, int(link.expires_at - now)),
        secure=is_secure(connection),
        httponly=True,
        samesite="lax",
    )


def _names(connection: HTTPConnection) -> list[str]:
    """Browsers send those first that they were given first."""
    return [name for name in connection.cookies if name.startswith(_prefix(connection))]


def _prefix(connection: HTTPConnection) -> str:
    return _SECURE if is_secure(connection) else _PLAIN
