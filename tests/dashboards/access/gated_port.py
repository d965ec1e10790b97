"""The port of the pages with its gate, before a server that answers everywhere."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI, Request

from dashboards.access.gate import AccessGate
from dashboards.access.policy import SignInMode, SignInPolicy
from dashboards.access.routes import SignIn
from dashboards.access.sessions import Sessions
from dashboards.access.shared_routes import add_shared_routes
from storage.access.administrators import Administrators
from storage.access.database import AccessDatabase
from storage.access.shared_links import SharedLinks
from tests.storage.access.cheap_hasher import CHEAP_HASHER

RIGHT = "correct horse battery"
TOKEN = {"Authorization": "Bearer glr_of-a-dashboard"}
LOCAL_TOKEN = "gll_of-a-command"  # noqa: S105 - of nobody
SENDER_TOKEN = "gls_of-a-pipeline"  # noqa: S105 - of nobody
HTML = {"Accept": "text/html,*/*"}


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Port:
    """The gate before a server that answers everywhere, as a stranger at an address sees it."""

    database: AccessDatabase
    mode: SignInMode = "auto"
    is_loopback: bool = True
    allow_unauthenticated: bool = False
    open_metrics: bool = False
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.administrators = Administrators(self.database, CHEAP_HASHER)
        sessions = Sessions(self.database, self.clock)
        self.links = SharedLinks(self.database)
        server = FastAPI(openapi_url=None)
        SignIn(self.administrators, sessions, self.clock, self.clock).add_to(server)
        add_shared_routes(server, self.links, self.clock)

        @server.api_route("/{path:path}", methods=["GET", "POST"])
        def anything(request: Request) -> dict[str, Any]:
            shared = [link.title for link in request.state.shared]
            return {"is_known": request.state.is_known, "writer": request.state.writer, "shared": shared}

        policy = SignInPolicy(
            self.mode, self.is_loopback, self.allow_unauthenticated, self.administrators.exists, self.open_metrics
        )
        self.app = AccessGate(
            server,
            policy,
            sessions,
            lambda given: given in (TOKEN["Authorization"].partition(" ")[2], LOCAL_TOKEN),
            lambda given: given == LOCAL_TOKEN,
            lambda given: "pipeline" if given == SENDER_TOKEN else None,
            lambda given: self.links.find(given, self.clock()),
        )
        self.cookies = httpx.Cookies()

    def ask(
        self, method: str, path: str, *, peer: str = "192.0.2.7", scheme: str = "http", **more: Any
    ) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, client=(peer, 4711))
            async with httpx.AsyncClient(
                transport=transport, base_url=f"{scheme}://gatelens", cookies=self.cookies
            ) as client:
                answer = await client.request(method, path, **more)
                self.cookies = client.cookies
                return answer

        return asyncio.run(asked())

    def sign_in(self, name: str = "ann", password: str = RIGHT, wanted: str = "/", **more: Any) -> httpx.Response:
        return self.ask("POST", "/sign-in", data={"name": name, "password": password, "next": wanted}, **more)
