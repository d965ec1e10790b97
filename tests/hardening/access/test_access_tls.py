"""TLS of the pages and of the HTTP port: what browsers are told, how commands get in, and certificates that change."""

import shutil
import ssl
from collections.abc import Iterator

import httpx
import pytest
import yaml

from gatelens.commands.query.command import run_query
from storage.errors import GatelensError
from tests.collector.rigs.access_logs import json_line
from tests.collector.rigs.certificates import Certificates, Pair, certificates
from tests.e2e.gatelens_process import GatelensProcess, until
from tests.patience import PATIENCE

_RIGHT = "correct horse battery"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory, made: Certificates) -> Pair:
    """The files that the settings name, with the server's certificate in them."""
    directory = tmp_path_factory.mktemp("shown")
    pair = Pair(directory / "server.pem", directory / "server.key")
    _replace(pair, made.server)
    return pair


@pytest.fixture(scope="module")
def gatelens(tmp_path_factory: pytest.TempPathFactory, shown: Pair) -> Iterator[GatelensProcess]:
    directory = tmp_path_factory.mktemp("tls")
    tls = {"certificate": str(shown.certificate), "key": str(shown.key)}
    config = directory / "gatelens.yaml"
    config.write_text(yaml.safe_dump({"web": {"tls": tls, "sign_in": "required"}, "collector": {"http": {"tls": tls}}}))
    with GatelensProcess(directory / "data", "--config", config) as process:
        yield process


def _replace(pair: Pair, other: Pair) -> None:
    """As a tool that renews certificates does: one file after the other, each at once."""
    for path, source in ((pair.certificate, other.certificate), (pair.key, other.key)):
        copy = path.with_suffix(".new")
        shutil.copyfile(source, copy)
        copy.rename(path)


def _fetched(address: str) -> str:
    """The certificate that a port shows."""
    host, _, port = address.removeprefix("https://").rpartition(":")
    return ssl.get_server_certificate((host, int(port)), timeout=PATIENCE)


def test_browsers_are_told_to_come_back_over_tls(gatelens: GatelensProcess, made: Certificates) -> None:
    web = gatelens.addresses.web
    assert web.startswith("https://")
    with httpx.Client(
        base_url=web, verify=ssl.create_default_context(cafile=str(made.authority)), trust_env=False, timeout=PATIENCE
    ) as client:
        assert client.get("/sign-in").headers["Strict-Transport-Security"] == "max-age=31536000"
        link = next(part for part in gatelens.log.split() if "/setup?token=" in part)
        form = {"token": link.partition("token=")[2], "name": "ann", "password": _RIGHT, "repeated": _RIGHT}
        [cookie] = client.post("/setup", data=form).headers.get_list("set-cookie")
        assert cookie.startswith("__Host-gatelens-session=")
        assert "; Secure" in cookie
        assert client.get("/").status_code == 200
    with pytest.raises(httpx.HTTPError):
        httpx.get(web.replace("https", "http"), trust_env=False, timeout=PATIENCE)


def test_commands_trust_the_certificate_and_nothing_else(
    gatelens: GatelensProcess, made: Certificates, shown: Pair
) -> None:
    assert run_query("SELECT 42", "csv", gatelens.data).split()[-1] == b"42"
    kept = shown.certificate.read_bytes()
    shown.certificate.write_bytes(made.stranger.certificate.read_bytes())
    try:
        with pytest.raises(GatelensError, match="does not answer"):
            run_query("SELECT 42", "csv", gatelens.data)
    finally:
        shown.certificate.write_bytes(kept)


def test_a_certificate_that_is_renewed_is_shown_without_a_restart(
    gatelens: GatelensProcess, made: Certificates, shown: Pair
) -> None:
    ports = (gatelens.addresses.web, gatelens.addresses.http)
    before, after = (pair.certificate.read_text().strip() for pair in (made.server, made.client))
    assert [_fetched(port).strip() for port in ports] == [before, before]

    # A certificate that does not fit its key is not taken.
    shown.certificate.write_bytes(made.stranger.certificate.read_bytes())
    assert until(lambda: gatelens.log.count("A new certificate cannot be used"), lambda count: count >= 2) >= 2
    assert [_fetched(port).strip() for port in ports] == [before, before]

    _replace(shown, made.client)
    shows = lambda: [_fetched(port).strip() for port in ports]  # noqa: E731 - asked again and again
    assert until(shows, lambda found: found == [after, after]) == [after, after]
    context = ssl.create_default_context(cafile=str(made.authority))
    context.check_hostname = False
    with httpx.Client(verify=context, trust_env=False, timeout=PATIENCE) as client:
        assert client.post(f"{ports[1]}/ingest/envoy_json", content=json_line("a")).status_code == 200
    assert "PRIVATE KEY" not in gatelens.log
