"""One call of somebody's HTTP service, whose address is a secret."""

import time
from collections.abc import Mapping
from typing import Any

import httpx
from pydantic import SecretStr

from processors.alerts.channels.notification import DeliveryError
from processors.alerts.channels.secrets import shown_address

_TIMEOUT_SECONDS = 5.0
# Of an answer, which nobody reads; its end lets the connection be used again.
_MOST_ANSWER_BYTES = 64 << 10


class HttpCaller:
    """Calls services straight, past any proxy that the environment names."""

    def __init__(self) -> None:
        # A transport and no client: a client logs the whole address of each call, and that is a secret.
        self._transport = httpx.HTTPTransport()

    def post(
        self, url: SecretStr, body: bytes | Mapping[str, Any] | list[Any], headers: Mapping[str, str] | None = None
    ) -> None:
        """POST the body, as JSON where it is none of bytes; raises DeliveryError."""
        shown = shown_address(url)
        try:
            response = self._transport.handle_request(_request(url.get_secret_value(), body, headers or {}))
            try:
                _pass_over(response)
            finally:
                response.close()
        except (httpx.ConnectError, httpx.TimeoutException) as error:
            cause = f"{shown} did not answer: {str(error) or 'it took too long'}"
            raise DeliveryError(f"{cause}. Check that it runs.", True) from None
        except UnicodeError:
            # What the error says may be of a secret.
            cause = f"{shown} was not called: its host is none, or a header, key or token of the receiver is no ASCII"
            raise DeliveryError(f"{cause}. Correct the receiver.", False) from None
        except (httpx.TransportError, httpx.InvalidURL) as error:
            cause = f"{shown} could not be called: {type(error).__name__}"
            raise DeliveryError(f"{cause}. Check its address.", True) from None
        _check(shown, response.status_code)

    def close(self) -> None:
        self._transport.close()


def _request(address: str, body: bytes | Mapping[str, Any] | list[Any], headers: Mapping[str, str]) -> httpx.Request:
    url = httpx.URL(address)
    given = {"content": body} if isinstance(body, bytes) else {"json": body}
    request = httpx.Request(
        "POST",
        url,
        headers={"User-Agent": "Gatelens", **headers},
        extensions={"timeout": httpx.Timeout(_TIMEOUT_SECONDS).as_dict()},
        **given,
    )
    if url.username or url.password:
        request = next(httpx.BasicAuth(url.username, url.password).auth_flow(request))
    return request


def _pass_over(answer: httpx.Response) -> None:
    """Read a body to its end, but no long one, no slow one, and as it came: it may be gigabytes once decompressed."""
    end, size = time.monotonic() + _TIMEOUT_SECONDS, 0
    for part in answer.iter_raw():
        size += len(part)
        if size > _MOST_ANSWER_BYTES or time.monotonic() > end:
            return


def _check(shown: str, status: int) -> None:
    if 200 <= status < 300:
        return
    if status == 429 or status >= 500:
        raise DeliveryError(f"{shown} answered {status}. Look into the log of that service.", True)
    raise DeliveryError(f"{shown} refused the notification with {status}. Check its address.", False)
