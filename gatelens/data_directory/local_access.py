"""How commands reach the process that runs on a data directory: with a token that only this user can read."""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path

import httpx

from gatelens.data_directory.directory import Addresses
from storage.access.secret_text import new_secret
from storage.errors import AccessUnavailable, GatelensError

_FILE = "local-token"
_PREFIX = "gll_"


def leave_local_token(directory: Path) -> str:
    """Make the token of this run and leave it in the data directory; raises AccessUnavailable."""
    token = new_secret(_PREFIX)
    written = directory / f"{_FILE}.new"
    try:
        written.unlink(missing_ok=True)
        with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(token)
        written.rename(directory / _FILE)
    except OSError as error:
        raise AccessUnavailable(
            f"{written} cannot be written: {error.strerror}. Make room on the disk, and let this user write there."
        ) from error
    return token


def remove_local_token(directory: Path) -> None:
    (directory / _FILE).unlink(missing_ok=True)


def local_client(data: Path, process: Addresses, seconds: float) -> httpx.Client:
    """A client of the process that runs on a data directory, as the user who may read it."""
    try:
        headers = {"Authorization": f"Bearer {(data / _FILE).read_text(encoding='ascii')}"}
    except OSError:
        # One of another user, or an older version: it says itself whether it needs a token.
        headers = {}
    return httpx.Client(headers=headers, verify=_trusting(process), timeout=seconds, trust_env=False)


def ask_process(
    data: Path,
    process: Addresses,
    method: str,
    path: str,
    seconds: float,
    *,
    body: object = None,
    parameters: Mapping[str, str] | None = None,
    advice: str = "Try again.",
) -> httpx.Response:
    """What the process that runs on a data directory answers; raises GatelensError where it refuses or is silent."""
    try:
        with local_client(data, process, seconds) as client:
            answer = client.request(method, f"{process.web}{path}", params=parameters, json=body)
    except httpx.HTTPError as error:
        raise GatelensError(f"The running Gatelens at {process.web} does not answer: {error}. {advice}") from error
    if answer.is_error:
        raise GatelensError(refusal(answer))
    return answer


def refusal(answer: httpx.Response) -> str:
    """A Gatelens' message when it refused."""
    try:
        return str(answer.json()["error"])
    except (ValueError, KeyError):
        return f"The running Gatelens answered {answer.status_code}: {answer.text[:200]}"


def _trusting(process: Addresses) -> ssl.SSLContext:
    """The very certificates that the process shows, under whatever name: its own files say which these are."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    for certificate in filter(None, (process.web_certificate, process.http_certificate)):
        context.load_verify_locations(certificate)
    return context
