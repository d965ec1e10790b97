"""Signing in and out, and the link by which the administrator's password is set."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import RedirectResponse, Response

from dashboards.access.attempt_limit import AttemptLimit, peer_key
from dashboards.access.cookie import delete_session_cookie, session_cookie, set_session_cookie
from dashboards.access.form_page import (
    STYLE_SHEET,
    no_administrator_page,
    setup_page,
    sign_in_page,
    unavailable_page,
    used_link_page,
)
from dashboards.access.forms import form_of
from dashboards.access.gate import SETUP, SIGN_IN, SIGN_OUT, STYLE
from dashboards.access.own_path import own_path
from dashboards.access.sessions import Sessions
from storage.access.administrators import Administrator, Administrators, normal
from storage.errors import AccessError, AccessUnavailable

_log = logging.getLogger(__name__)

# Each takes 64 MiB and a core for a moment, one after the other.
_MOST_WAITING = 16
_WRONG = "The name or the password is wrong."

Result = TypeVar("Result")


class SignIn:
    """What the routes share."""

    def __init__(
        self,
        administrators: Administrators,
        sessions: Sessions,
        clock: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._administrators = administrators
        self._sessions = sessions
        self._clock = clock
        self._of_peer = AttemptLimit(5, 20, monotonic)
        # Of all peers together. It delays an administrator who is under attack, but for a link from the command.
        self._of_account = AttemptLimit(20, 10, monotonic)
        self._hashing = ThreadPoolExecutor(1, thread_name_prefix="sign-in")
        self._waiting = 0

    def add_to(self, server: FastAPI) -> None:
        """Add the routes to a web server, before the pages."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route(SIGN_IN, self.show_sign_in, methods=["GET"], response_model=None)
        router.add_api_route(SIGN_IN, self.sign_in, methods=["POST"], response_model=None)
        router.add_api_route(SIGN_OUT, self.sign_out, methods=["POST"], response_model=None)
        router.add_api_route(SETUP, self.show_setup, methods=["GET"], response_model=None)
        router.add_api_route(SETUP, self.set_up, methods=["POST"], response_model=None)
        router.add_api_route(STYLE, _style_sheet, methods=["GET"], response_model=None)
        server.include_router(router)
        server.add_exception_handler(AccessUnavailable, _unavailable)

    async def show_sign_in(self, request: Request) -> Response:
        wanted = own_path(request.query_params.get("next", "/"))
        if not self._administrators.exists():
            return no_administrator_page()
        if self._sessions.find(session_cookie(request)) is not None:
            return RedirectResponse(wanted, 303)
        return sign_in_page(wanted)

    async def sign_in(self, request: Request) -> Response:
        form = await form_of(request)
        name, wanted = form.get("name", ""), own_path(form.get("next", "/"))
        # However the name is spelled: the attempts are at the same account.
        peer, account = peer_key(request.client.host if request.client else ""), normal(name)
        wait = self._of_peer.take(peer)
        if not wait and (wait := self._of_account.take(account)):
            self._of_peer.give_back(peer)
        if wait:
            return _too_many(wanted, name, wait)
        found = await self._hashed(lambda: self._administrators.verify(name, form.get("password", "")))
        if found is None:
            # Not the name: people type passwords into the wrong field.
            _log.warning("A sign-in failed.", extra={"peer": peer})
            return sign_in_page(wanted, name, _WRONG, 403)
        self._of_peer.give_back(peer)
        self._of_account.give_back(account)
        _log.info("The administrator signed in.", extra={"peer": peer})
        return self._signed_in(request, found, wanted)

    async def sign_out(self, request: Request) -> Response:
        self._end_session(request)
        response = RedirectResponse(SIGN_IN, 303)
        delete_session_cookie(response, request)
        return response

    async def show_setup(self, request: Request) -> Response:
        token = request.query_params.get("token", "")
        if not self._administrators.is_good_link(token, self._clock()):
            return used_link_page()
        return setup_page(token, self._administrators.name())

    async def set_up(self, request: Request) -> Response:
        form = await form_of(request)
        token, name, password = form.get("token", ""), form.get("name", ""), form.get("password", "")
        # Before anything is hashed, or strangers could keep the machine busy.
        if not self._administrators.is_good_link(token, self._clock()):
            return used_link_page()
        known = self._administrators.name()
        if password != form.get("repeated", ""):
            return setup_page(token, known, name, "The two passwords are not the same; type both again.", 400)
        try:
            found = await self._hashed(
                lambda: self._administrators.redeem_link(token, known or name, password, self._clock())
            )
        except AccessUnavailable:
            raise
        except AccessError as error:
            return setup_page(token, known, name, str(error), 400)
        if found is None:
            return used_link_page()
        _log.info("The administrator's password was set.")
        return self._signed_in(request, found, "/")

    def _signed_in(self, request: Request, administrator: Administrator, wanted: str) -> Response:
        self._end_session(request)
        cookie = self._sessions.begin(administrator)
        response = RedirectResponse(wanted, 303)
        set_session_cookie(response, request, cookie)
        return response

    def _end_session(self, request: Request) -> None:
        if cookie := session_cookie(request):
            self._sessions.end(cookie)

    async def _hashed(self, work: Callable[[], Result]) -> Result:
        """What needs a password hashed; raises AccessUnavailable where too much of it waits."""
        if self._waiting >= _MOST_WAITING:
            raise AccessUnavailable("Too many people sign in at the same time; try again in a moment.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._hashing, work)
        finally:
            self._waiting -= 1


async def _unavailable(_request: Request, fault: Exception) -> Response:
    _log.error("A sign-in page could not be served. %s", fault)
    return unavailable_page()


async def _style_sheet() -> Response:
    return Response(STYLE_SHEET, media_type="text/css", headers={"Cache-Control": "max-age=300"})


def _too_many(wanted: str, name: str, wait: int) -> Response:
    fault = f"Too many attempts; try again in {wait} second{'' if wait == 1 else 's'}."
    response = sign_in_page(wanted, name, fault, 429)
    response.headers["Retry-After"] = str(wait)
    return response
