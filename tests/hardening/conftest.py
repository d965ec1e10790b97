"""A Gatelens in a process of its own, with limits that a test need not wait for."""

from collections.abc import Iterator

import pytest

from tests.running import RunningGatelens

_SETTINGS = {
    "HEADER_TIMEOUT": "1",
    "BODY_TIMEOUT": "1",
    "SEND_TIMEOUT": "1",
    "KEEPALIVE_TIMEOUT": "2",
    "MAX_CONNECTIONS": "60",
    "MAX_CONNECTIONS_PER_PEER": "20",
}


@pytest.fixture(scope="session")
def gatelens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGatelens]:
    settings = {
        f"GATELENS_{section}__{name}": value
        for section in ("WEB", "COLLECTOR__HTTP")
        for name, value in _SETTINGS.items()
    }
    settings["GATELENS_COLLECTOR__GRPC__MAX_CONNECTIONS"] = "50"
    settings["GATELENS_COLLECTOR__GRPC__IDLE_TIMEOUT"] = "1"
    settings["GATELENS_WEB__KEEPALIVE_REQUESTS"] = "5000"
    settings["GATELENS_COLLECTOR__HTTP__KEEPALIVE_REQUESTS"] = "1000000"
    with RunningGatelens(tmp_path_factory.mktemp("hardening") / "data", settings) as running:
        yield running


@pytest.fixture(params=["web", "http"])
def port(request: pytest.FixtureRequest) -> str:
    """Each of the two HTTP ports, by the name that metrics have for it."""
    return str(request.param)


@pytest.fixture
def url(gatelens: RunningGatelens, port: str) -> str:
    return str(getattr(gatelens.addresses, port))
