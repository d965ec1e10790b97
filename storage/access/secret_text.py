"""Secrets that Gatelens generates: their form, and the hash that is stored."""

import hashlib
import secrets
import zlib

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# 62 to this power is just above 2 to the power of 256.
_RANDOM_LETTERS = 43
_CHECKSUM_LETTERS = 6


def new_secret(prefix: str) -> str:
    """A secret of 256 random bits; its last six letters are a checksum of the rest, by which scanners know it."""
    body = prefix + _base62(secrets.randbits(256), _RANDOM_LETTERS)
    return body + _base62(zlib.crc32(body.encode()), _CHECKSUM_LETTERS)


def secret_hash(secret: str) -> bytes:
    """What is stored of a secret. A fast hash suffices: nobody can try 2 to the power of 256 secrets."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def _base62(number: int, letters: int) -> str:
    text = ""
    for _ in range(letters):
        number, rest = divmod(number, len(_ALPHABET))
        text = _ALPHABET[rest] + text
    return text
