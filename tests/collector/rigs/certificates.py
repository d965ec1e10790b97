"""Certificates of an authority of the tests' own, made by OpenSSL's command."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Certificates:
    """Of a server at localhost and 127.0.0.1, of a client, and of a stranger by another authority."""

    authority: Path
    server: Pair
    client: Pair
    stranger: Pair


def certificates(directory: Path) -> Certificates:
    if shutil.which("openssl") is None:
        pytest.skip("openssl was not found; install it to test TLS.")
    ours, other = _authority(directory, "ours"), _authority(directory, "other")
    return Certificates(
        ours.certificate,
        _signed(directory, "server", ours),
        _signed(directory, "client", ours),
        _signed(directory, "stranger", other),
    )


def _authority(directory: Path, name: str) -> Pair:
    pair = Pair(directory / f"{name}.pem", directory / f"{name}.key")
    _openssl(
        *_new(name, pair), "-x509", "-out", pair.certificate,
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign",
    )  # fmt: skip
    return pair


def _signed(directory: Path, name: str, authority: Pair) -> Pair:
    pair = Pair(directory / f"{name}.pem", directory / f"{name}.key")
    _openssl(
        *_new(name, pair), "-x509", "-out", pair.certificate, "-CA", authority.certificate, "-CAkey", authority.key,
        "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
    )  # fmt: skip
    return pair


def _new(name: str, pair: Pair) -> tuple[str | Path, ...]:
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", pair.key)
    return ("req", *key, "-days", "2", "-subj", f"/CN={name}")


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
