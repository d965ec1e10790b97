"""Settings are shown as they are in force, and no secret is."""

from pathlib import Path
from typing import Any

from collector.formats.custom.known import known_formats
from gatelens.configuration.config import Config
from gatelens.configuration.settings_view import configuration_view

_HIDDEN = "not-to-be-seen"


def _view(**document: Any) -> dict[str, tuple[str, bool]]:
    view = configuration_view(Config.model_validate(document), Path("gatelens.yaml"), known_formats(), list)
    assert _HIDDEN not in repr(view)
    return {one.path: (one.value, one.is_default) for one in view.settings}


def test_what_is_set_is_distinguished_from_defaults() -> None:
    found = _view(collector={"spool": {"max_size": "1 GiB"}}, retention={"requests": "14d"})
    assert found["collector.spool.max_size"] == ("1 GiB", False)
    assert found["collector.spool.segment_age"][1]
    assert found["retention.requests"] == ("14d", False)
    assert found["retention.hours"] == ("730d", True)


def test_nothing_is_changed_at_first() -> None:
    assert [path for path, (_, is_default) in _view().items() if not is_default] == []


def test_no_secret_is_shown() -> None:
    target = {"url": "http://127.0.0.1:9/metrics", "username": "u", "password": _HIDDEN}
    found = _view(
        storage={"dsn": f"https://user:{_HIDDEN}@clickhouse:8443/db"},
        collector={
            "http": {"hec": {"tokens": [{"token": _HIDDEN}]}},
            "forward": {"shared_key": _HIDDEN},
            "scrape": {"targets": [target]},
        },
    )
    assert found["storage.dsn"][0] == "https://clickhouse:8443/db"
    assert found["collector.forward.shared_key"] == ("••••••", False)
