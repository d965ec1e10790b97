"""TLS of a listener: its certificate, and whose clients it takes."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import grpc
from pydantic import BaseModel, ConfigDict, Field

from storage.errors import ConfigError

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 2.0

Loaded = TypeVar("Loaded")


class TlsConfig(BaseModel):
    """The certificate of a listener, in PEM files."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    certificate: Path = Field(description="The certificate, followed by those that lead to its authority.")
    key: Path = Field(description="The certificate's private key, without a passphrase.")
    client_ca: Path | None = Field(
        default=None,
        description="Certificates of authorities; with it, only clients with a certificate by one of them are taken.",
    )


def ssl_context(config: TlsConfig, setting: str) -> ssl.SSLContext:
    """TLS for a socket server; raises ConfigError, in the name of `setting`, where a file is of no use."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # What OpenSSL says of a file that cannot be read leaves its name out.
        for path in filter(None, (config.certificate, config.key, config.client_ca)):
            path.read_bytes()
        context.load_cert_chain(config.certificate, config.key, password=_no_passphrase)
        if config.client_ca is not None:
            context.load_verify_locations(config.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{setting} cannot be used: {error}. Check that its files are PEM, can be read, need no passphrase, and "
            "that the key is the certificate's."
        ) from error
    return context


async def follow_certificate(context: ssl.SSLContext, config: TlsConfig, setting: str) -> None:
    """Show new clients the certificate that its files hold by then, as after a renewal; runs until it is cancelled."""

    def load() -> bool:
        # A certificate and a key that do not fit each other would leave the port with neither.
        ssl_context(config, setting)
        context.load_cert_chain(config.certificate, config.key, password=_no_passphrase)
        return True

    files = _CertificateFiles(config, setting)
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        files.if_changed(load)


def grpc_credentials(config: TlsConfig, setting: str) -> grpc.ServerCredentials:
    """The same for a gRPC server; raises ConfigError, in the name of `setting`, where a file is of no use."""
    files = _CertificateFiles(config, setting)
    return grpc.dynamic_ssl_server_credentials(
        _grpc_certificate(config, setting),
        # It is asked at each handshake; for None the one of before is shown, which the stubs do not know.
        lambda: files.if_changed(lambda: _grpc_certificate(config, setting)),  # type: ignore[arg-type, return-value]
        require_client_authentication=config.client_ca is not None,
    )


class _CertificateFiles:
    """The files of a certificate and its key, as they were when they were looked at last."""

    def __init__(self, config: TlsConfig, setting: str) -> None:
        self._paths = (config.certificate, config.key)
        self._setting = setting
        self._seen = self._versions()

    def if_changed(self, load: Callable[[], Loaded]) -> Loaded | None:
        """What `load` makes of them, None where they have not changed or, which is logged, are of no use."""
        found = self._versions()
        if found == self._seen:
            return None
        self._seen = found
        try:
            loaded = load()
        except (ConfigError, OSError) as error:
            _log.warning("A new certificate cannot be used; the previous one stays in use. %s", error)
            return None
        _log.info("A new certificate is in use.", extra={"setting": self._setting})
        return loaded

    def _versions(self) -> list[tuple[int, int, int] | None]:
        return [_version(path) for path in self._paths]


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _grpc_certificate(config: TlsConfig, setting: str) -> "grpc.ServerCertificateConfiguration":
    # gRPC itself takes any bytes, and fails at each handshake instead.
    ssl_context(config, setting)
    authorities = config.client_ca.read_bytes() if config.client_ca is not None else None
    pairs = [(config.key.read_bytes(), config.certificate.read_bytes())]
    return grpc.ssl_server_certificate_configuration(pairs, root_certificates=authorities)


def _no_passphrase() -> str:
    # Without this OpenSSL asks on the terminal, and the start hangs.
    raise ValueError("the key is locked by a passphrase")
