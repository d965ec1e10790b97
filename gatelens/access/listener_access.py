"""Which listeners need authentication, and that none is open to other machines unless the settings say so."""

import ipaddress

from collector.config import CollectorConfig
from collector.receivers.forward.config import ForwardConfig
from collector.receivers.grpc.config import GrpcConfig
from collector.receivers.http.config import HttpConfig
from gatelens.configuration.config import Config
from gatelens.machine.listeners import split_address
from storage.errors import ConfigError

_CURE = "make a token with `gatelens token create NAME --for send`, name one in access.sender_token_files"


def is_loopback(listen: str, setting: str) -> bool:
    """Whether only this machine reaches an address; raises ConfigError where it is none."""
    host, _ = split_address(listen, setting)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def needs_sender_token(config: HttpConfig | GrpcConfig, setting: str) -> bool:
    """Whether senders need a token there."""
    if config.sender_tokens == "required":
        return True
    has_certificates = config.tls is not None and config.tls.client_ca is not None
    return not (config.allow_unauthenticated or has_certificates or is_loopback(config.listen, setting))


def check_listeners(config: Config, *, has_sender_tokens: bool) -> None:
    """Raise ConfigError, with all faults, where listeners would take telemetry from strangers or from nobody."""
    collector = config.collector
    faults = [
        *_token_faults(collector, has_sender_tokens=has_sender_tokens),
        *_forward_faults(collector.forward),
    ]
    if faults:
        raise ConfigError("\n".join(faults))


def check_demo(config: Config) -> None:
    """Raise ConfigError, with all faults, where the demo's gateways would be refused: they have no token and no TLS."""
    collector = config.collector
    speakers: tuple[tuple[str, HttpConfig | GrpcConfig], ...] = (
        ("collector.grpc", collector.grpc),
        ("collector.http", collector.http),
    )
    faults = [
        f"The demo's gateways send no token and no TLS; let {section} listen on loopback, without either."
        for section, listener in speakers
        if listener.tls is not None or needs_sender_token(listener, f"{section}.listen")
    ]
    forward = collector.forward
    if not forward.listen:
        faults.append("The demo's Flex Gateway sends over Forward; set collector.forward.listen.")
    elif _is_authenticated(forward) or forward.tls is not None:
        faults.append("The demo's Flex Gateway has no key; let collector.forward listen on loopback without.")
    if faults:
        raise ConfigError("\n".join(faults))


def warnings(config: Config) -> list[str]:
    """A sentence for each listener that is configured to be open to everybody, and for secrets in the clear."""
    web, collector = config.web, config.collector
    listeners = (
        ("web", web.listen, web.allow_unauthenticated and web.sign_in == "auto"),
        ("collector.http", collector.http.listen, _is_opened(collector.http)),
        ("collector.grpc", collector.grpc.listen, _is_opened(collector.grpc)),
        ("collector.forward", collector.forward.listen, _is_forward_opened(collector.forward)),
    )
    found = [
        f"{section}.listen {listen} is open to everybody, because {section}.allow_unauthenticated is set."
        for section, listen, is_open in listeners
        if is_open
    ]
    if not (web.tls or web.allow_unauthenticated or is_loopback(web.listen, "web.listen")):
        found.append(
            f"web.listen {web.listen} takes passwords over plain HTTP; set web.tls, or put it behind a proxy with TLS."
        )
    senders: tuple[tuple[str, HttpConfig | GrpcConfig], ...] = (
        ("collector.http", collector.http),
        ("collector.grpc", collector.grpc),
    )
    found += [
        f"{section}.listen {config.listen} takes tokens in the clear; set {section}.tls, or use a proxy with TLS."
        for section, config in senders
        if config.tls is None
        and needs_sender_token(config, f"{section}.listen")
        and not is_loopback(config.listen, f"{section}.listen")
    ]
    return found


def _is_opened(config: HttpConfig | GrpcConfig) -> bool:
    return config.allow_unauthenticated and config.sender_tokens == "auto"


def _is_forward_opened(forward: ForwardConfig) -> bool:
    return forward.allow_unauthenticated and not _is_authenticated(forward)


def _token_faults(collector: CollectorConfig, *, has_sender_tokens: bool) -> list[str]:
    if has_sender_tokens:
        return []
    faults = []
    if needs_sender_token(collector.http, "collector.http.listen") and not collector.http.hec.tokens:
        faults.append(_fault("collector.http", collector.http.listen, _CURE))
    if needs_sender_token(collector.grpc, "collector.grpc.listen"):
        faults.append(_fault("collector.grpc", collector.grpc.listen, _CURE))
    return faults


def _forward_faults(forward: ForwardConfig) -> list[str]:
    if not forward.listen or forward.allow_unauthenticated or _is_authenticated(forward):
        return []
    if is_loopback(forward.listen, "collector.forward.listen"):
        return []
    return [_fault("collector.forward", forward.listen, "set collector.forward.shared_key")]


def _is_authenticated(forward: ForwardConfig) -> bool:
    has_certificates = forward.tls is not None and forward.tls.client_ca is not None
    return forward.shared_key is not None or bool(forward.users) or has_certificates


def _fault(section: str, listen: str, cure: str) -> str:
    return (
        f"{section}.listen {listen} does not start without authentication: {cure}, set {section}.tls.client_ca, or "
        f"listen on loopback. {section}.allow_unauthenticated opens it to everybody."
    )
