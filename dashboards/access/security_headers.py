"""Security headers of the pages: what they may load, and who may frame or read them."""

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = (
    "default-src 'none'",
    "script-src 'self'{hashes}",
    # Mantine, plotly and AG Grid style by attributes and elements that they make.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "object-src 'none'",
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer, with which browsers send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_YEAR_SECONDS = 365 * 24 * 3600
_STATIC = ("/assets/", "/_dash-component-suites/", "/sign-in/")


class SecurityHeaders:
    """ASGI middleware; `script_hashes` are those of the scripts in the page itself, such as 'sha256-…'."""

    def __init__(self, app: ASGIApp, script_hashes: Sequence[str], *, has_tls: bool) -> None:
        self._app = app
        hashes = "".join(f" {one}" for one in script_hashes)
        self._headers = {**_HEADERS, "Content-Security-Policy": "; ".join(_POLICY).format(hashes=hashes)}
        if has_tls:
            self._headers["Strict-Transport-Security"] = f"max-age={_YEAR_SECONDS}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                if not scope["path"].startswith(_STATIC):
                    # Nothing of it is shown again after signing out.
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)
