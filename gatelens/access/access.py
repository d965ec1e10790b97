"""Everything about who may read and send, built from the configuration and put around the ports."""

import logging
import time
from collections.abc import Sequence
from pathlib import Path

from starlette.types import ASGIApp

from collector.intake.intake import Intake
from collector.receivers.grpc.config import GrpcConfig
from collector.receivers.http.sender_tokens import SenderTokens
from collector.receivers.net.sender_tokens import FindSender
from dashboards.access.gate import SETUP, SHARED, SIGN_IN, SIGN_OUT, AccessGate
from dashboards.access.policy import SignInPolicy
from dashboards.access.routes import SignIn
from dashboards.access.security_headers import SecurityHeaders
from dashboards.access.sessions import Sessions
from gatelens.access.allowed_hosts import AllowedHosts, HostCheck
from gatelens.access.cross_site import CrossSiteCheck
from gatelens.access.listener_access import check_listeners, is_loopback, needs_sender_token, warnings
from gatelens.configuration.config import Config
from gatelens.data_directory.local_access import leave_local_token, remove_local_token
from gatelens.machine.listeners import reachable
from storage.access.administrators import Administrators
from storage.access.database import AccessDatabase
from storage.access.shared_links import SharedLink, SharedLinks
from storage.access.token_files import TokenFile, TokenKind
from storage.access.tokens import TokenCheck, TokenRecord, Tokens, TokenSource

_log = logging.getLogger(__name__)


class Access:
    """What the ports of one Gatelens ask; open from construction until `close`."""

    def __init__(self, config: Config, directory: Path) -> None:
        """Raises ConfigError where a listener would be open to other machines, AccessUnavailable."""
        self._config = config
        self._directory = directory
        self._web_hosts = AllowedHosts(config.web.allowed_hosts, "web.allowed_hosts")
        self._http_hosts = AllowedHosts(config.collector.http.allowed_hosts, "collector.http.allowed_hosts")
        self._database = AccessDatabase(directory)
        try:
            self._made_tokens = Tokens(self._database)
            sources: list[TokenSource] = [self._made_tokens, *_token_files(config)]
            self._tokens = TokenCheck(sources, leave_local_token(directory))
            check_listeners(config, has_sender_tokens=self._tokens.has_any(TokenKind.SEND))
            for warning in warnings(config):
                _log.warning(warning)
        except BaseException:
            self.close()
            raise
        self._administrators = Administrators(self._database)
        self._sessions = Sessions(self._database, time.time)
        self.shared_links = SharedLinks(self._database)
        self.policy = SignInPolicy(
            config.web.sign_in,
            is_loopback=is_loopback(config.web.listen, "web.listen"),
            allow_unauthenticated=config.web.allow_unauthenticated,
            open_metrics=config.web.open_metrics,
            has_administrator=self._administrators.exists,
        )

    def close(self) -> None:
        remove_local_token(self._directory)
        self._database.close()

    def notice(self, web: str) -> str:
        """What to print about signing in at the start: a new one-time link while there is no administrator."""
        self._administrators.drop_links()
        if self.policy.allow_unauthenticated and not self.policy.is_required():
            return "off, because web.allow_unauthenticated is set"
        if self._administrators.exists():
            return ""
        link = f"{reachable(web)}{SETUP}?token={self._administrators.new_link(time.time())}"
        if self.policy.is_required():
            return f"to create the administrator, open within 24 hours: {link}"
        return f"off on loopback until there is an administrator; to create one, open within 24 hours: {link}"

    def token_records(self) -> Sequence[TokenRecord]:
        """The tokens that were made by command; raises AccessUnavailable."""
        return self._made_tokens.list()

    def sign_in(self) -> SignIn:
        """The routes of signing in, for the pages' server."""
        return SignIn(self._administrators, self._sessions, time.time)

    def grpc_senders(self, config: GrpcConfig) -> FindSender | None:
        """Looks up senders' tokens for the gRPC port; None if it needs none."""
        return self._find_sender if needs_sender_token(config, "collector.grpc.listen") else None

    def around_intake(self, app: ASGIApp, intake: Intake) -> ASGIApp:
        """The HTTP port of telemetry behind its checks."""
        config = self._config.collector.http
        needs_token = needs_sender_token(config, "collector.http.listen")
        if needs_token:
            app = SenderTokens(app, self._find_sender, intake, has_hec_tokens=bool(config.hec.tokens))
        app = CrossSiteCheck(app, self._http_hosts.names)
        # A browser has no token to be tricked into using, and in a cluster a service has many names.
        return app if needs_token and not config.allowed_hosts else HostCheck(app, self._http_hosts)

    def around_pages(self, app: ASGIApp, script_hashes: Sequence[str]) -> ASGIApp:
        """The pages' port behind its checks."""
        app = AccessGate(
            app,
            self.policy,
            self._sessions,
            self._is_read_token,
            self._tokens.is_local,
            self._find_sender,
            self._find_shared,
        )
        app = CrossSiteCheck(app, self._web_hosts.names, form_paths=(SIGN_IN, SIGN_OUT, SETUP, SHARED))
        app = HostCheck(app, self._web_hosts)
        return SecurityHeaders(app, script_hashes, has_tls=self._config.web.tls is not None)

    def _find_sender(self, token: str) -> str | None:
        return self._tokens.name_of(TokenKind.SEND, token)

    def _find_shared(self, secret: str) -> SharedLink | None:
        return self.shared_links.find(secret, time.time())

    def _is_read_token(self, token: str) -> bool:
        return self._tokens.name_of(TokenKind.READ, token) is not None


def _token_files(config: Config) -> list[TokenFile]:
    files = [
        *(TokenFile(path, TokenKind.READ) for path in config.access.read_token_files),
        *(TokenFile(path, TokenKind.SEND) for path in config.access.sender_token_files),
    ]
    for file in files:
        file.check()
    return files
