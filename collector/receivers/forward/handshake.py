"""HELO, PING, PONG: agent and server prove to each other that they know the shared key, and the agent who it is.

https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1#handshake-messages
"""

import hashlib
import hmac
import os

import msgspec

from collector.encoding.msgpack import decode_raw
from collector.errors import PayloadError
from collector.receivers.forward.config import ForwardConfig
from collector.receivers.forward.framing import Whole

# PING, hostname, salt, digest of the key, user, digest of the password.
PING_PARTS = 6
_SALT_BYTES = 16


class Handshake:
    """One connection's."""

    def __init__(self, config: ForwardConfig, hostname: str) -> None:
        self._key = config.shared_key.get_secret_value().encode() if config.shared_key is not None else b""
        self._users = {user.name.encode(): user.password.get_secret_value().encode() for user in config.users}
        self._hostname = hostname
        self._nonce = os.urandom(_SALT_BYTES)
        self._auth_salt = os.urandom(_SALT_BYTES) if self._users else b""

    def helo(self) -> bytes:
        options = {"nonce": self._nonce, "auth": self._auth_salt, "keepalive": True}
        return msgspec.msgpack.encode(["HELO", options])

    def pong(self, ping: Whole) -> tuple[bytes, str]:
        """The answer to a PING, and why it is refused: '' where it is not. Raises PayloadError for anything else."""
        # As bytes: agents send salts as strings that are no text.
        parts = [decode_raw(part) for part in ping]
        if len(parts) != PING_PARTS or parts[0] != b"PING":
            raise PayloadError(
                "The client sent no PING; give it the shared key, or remove collector.forward.shared_key."
            )
        texts = [part for part in parts if isinstance(part, bytes)]
        if len(texts) != PING_PARTS:
            raise PayloadError("The client's PING is malformed; check that it speaks version 1 of the protocol.")
        _, client, salt, key_digest, user, password_digest = texts
        if not hmac.compare_digest(_digest(salt, client, self._nonce, self._key), key_digest):
            return self._refusal("shared_key mismatch")
        password = self._users.get(user, b"")
        expected = _digest(self._auth_salt, user, password)
        if self._users and not (hmac.compare_digest(expected, password_digest) and user in self._users):
            return self._refusal("username/password mismatch")
        server = self._hostname.encode()
        proof = _digest(salt, server, self._nonce, self._key).decode()
        return msgspec.msgpack.encode(["PONG", True, "", self._hostname, proof]), ""

    @staticmethod
    def _refusal(reason: str) -> tuple[bytes, str]:
        return msgspec.msgpack.encode(["PONG", False, reason, "", ""]), reason


def is_needed(config: ForwardConfig) -> bool:
    return config.shared_key is not None or bool(config.users)


def _digest(*parts: bytes) -> bytes:
    return hashlib.sha512(b"".join(parts)).hexdigest().encode()
