"""What browsers may ask for, and pages of other sites may not."""

import asyncio

import httpx
import pytest
from starlette.responses import PlainTextResponse

from gatelens.access.cross_site import CrossSiteCheck

_JSON = {"Content-Type": "application/json"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_LINK = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


def _ask(method: str, path: str, headers: dict[str, str]) -> int:
    async def asked() -> int:
        app = CrossSiteCheck(PlainTextResponse("ok"), lambda host: host == "gatelens.example.com", ["/sign-in"])
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8050") as client:
            return (await client.request(method, path, headers=headers)).status_code

    return asyncio.run(asked())


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        # Agents, curl, exporters.
        ("GET", {}),
        ("POST", {"Content-Type": "text/plain"}),
        ("POST", {}),
        # Our own pages, in browsers that tell where a request comes from, and in those that do not.
        ("GET", {"Sec-Fetch-Site": "same-origin"}),
        ("GET", {"Sec-Fetch-Site": "none", **_LINK}),
        ("POST", {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8050", **_JSON}),
        ("POST", {"Origin": "http://127.0.0.1:8050", **_JSON}),
        # Behind a proxy that changes the Host.
        ("POST", {"Origin": "https://gatelens.example.com", **_JSON}),
        # A link in a message.
        ("GET", {"Sec-Fetch-Site": "cross-site", **_LINK}),
    ],
)
def test_what_is_ours_passes(method: str, headers: dict[str, str]) -> None:
    assert _ask(method, "/", headers) == 200


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        *(
            (method, {"Sec-Fetch-Site": site, **_JSON})
            for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS")
            for site in ("cross-site", "same-site", "", "Same-Origin", "unheard-of")
        ),
        *(
            ("POST", {"Origin": origin, **_JSON})
            for origin in (
                "http://evil.example", "null", "", "http://127.0.0.1:8051", "http://127.0.0.1", "http://localhost:8050",
                "http://127.0.0.1:8050.evil.example", "http://[", "https://gatelens.example.com.evil.example",
            )
        ),
        ("GET", {"Origin": "http://evil.example"}),
        # In a frame, as a picture, as a script.
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}),
        ("GET", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}),
        # A form that sends somebody here.
        ("POST", {"Sec-Fetch-Site": "cross-site", **_LINK, **_FORM}),
        ("POST", {"Sec-Fetch-Site": "cross-site", "Origin": "https://gatelens.example.com", **_JSON}),
    ],
)  # fmt: skip
def test_what_another_site_asks_for_is_refused(method: str, headers: dict[str, str]) -> None:
    for path in ("/", "/sign-in"):
        assert _ask(method, path, headers) == 403


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "text/plain;charset=UTF-8",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ],
)
def test_a_browsers_body_is_json_but_for_forms_of_ours(kind: str) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": kind}
    assert _ask("POST", "/_dash-update-component", headers) == 415
    assert _ask("POST", "/sign-in", headers) == 200
    assert _ask("GET", "/", headers) == 200
