"""Receivers that people make: kept beside those of the file, and their secrets seen by nobody again."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import yaml

from processors.alerts.channels.trial import try_channels
from processors.alerts.receiver_definition import KEPT, example, receiver_of
from processors.alerts.routing.route import ways_of
from processors.alerts.rule_file import RuleFile
from processors.alerts.rule_source import Origin, RuleSource
from processors.alerts.store.rule_store import RuleStore
from processors.errors import InvalidReceiver, UnknownAlert
from storage.errors import QueryRefused
from storage.reader import reader
from storage.store import Store

_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
_SECRET = "https://hooks.example.com/s3cret-token"  # noqa: S105 - of nobody
_SLACK = f"name: shop\nslack:\n  url: {_SECRET}\n"
_FILE = RuleFile.model_validate(
    {
        "receivers": [{"name": "team", "webhook": {"url": "http://127.0.0.1:9/"}}],
        "route": {"receiver": "team", "routes": [{"receiver": "team", "matchers": ['severity="critical"']}]},
    }
)


@pytest.fixture
def source(store: Store) -> Iterator[RuleSource]:
    for table in ("alert_rules", "alert_receivers"):
        store.command(f"TRUNCATE TABLE {table}")
    opened = RuleSource(file=_FILE)
    opened.attach(RuleStore(store))
    yield opened
    for table in ("alert_rules", "alert_receivers"):
        store.command(f"TRUNCATE TABLE {table}")


def test_a_receiver_from_first_to_last(source: RuleSource, store: Store) -> None:
    before = source.current.file
    source.put_receiver(_SLACK, "jo", _NOW)
    assert list(source.current.file.routing.receivers) == ["team", "shop"]
    assert source.current.file is not before
    assert (source.current.receiver_origin("shop"), source.current.receiver_origin("team")) == (
        Origin.STORED, Origin.FILE,
    )  # fmt: skip
    # Another process finds it, and rules can name it.
    other = RuleSource(file=_FILE)
    other.attach(RuleStore(store))
    other.put("{alert: a, measure: errors, window: 5m, threshold: 5, receiver: shop}", "jo", _NOW)
    again = other.current.file
    other.attach(RuleStore(store))
    assert other.current.file is again

    source.attach(RuleStore(store))
    with pytest.raises(InvalidReceiver, match="is the receiver of a"):
        source.delete_receiver("shop", "jo", _NOW)
    source.delete("a", "jo", _NOW)
    source.delete_receiver("shop", "jo", _NOW)
    assert list(source.current.file.routing.receivers) == ["team"]
    with pytest.raises(UnknownAlert):
        source.delete_receiver("shop", "jo", _NOW)


def test_secrets_are_kept_and_not_shown(source: RuleSource, store: Store) -> None:
    source.put_receiver(
        "name: shop\nwebhook:\n  url: https://h.example.com/s3cret\n  headers: {X-Key: s3cret}\n"
        "email: {host: mail.example.com, from: g@example.com, to: a@example.com, username: g, password: s3cret}\n",
        "jo", _NOW,
    )  # fmt: skip
    shown = source.receiver_definition("shop")
    assert "s3cret" not in shown
    assert yaml.safe_load(shown)["webhook"] == {"url": KEPT, "headers": {"X-Key": KEPT}}
    kept = source.put_receiver(shown.replace("a@example.com", "b@example.com"), "jo", _NOW.replace(minute=1))
    assert kept.webhook is not None
    assert kept.webhook.url.get_secret_value() == "https://h.example.com/s3cret"
    assert kept.webhook.headers["X-Key"].get_secret_value() == "s3cret"
    assert kept.email is not None
    assert kept.email.to == ("b@example.com",)
    # A secret goes nowhere else than where it was meant to.
    for moved in ("mail.example.com", "mail.thief.example.com"), (f"url: {KEPT}", "url: https://thief.example.com"):
        with pytest.raises(InvalidReceiver, match="write the secrets again"):
            source.put_receiver(shown.replace(*moved), "jo", _NOW)
    with pytest.raises(QueryRefused, match="alert_receivers"):
        reader(store).run("SELECT definition FROM alert_receivers", "json")


@pytest.mark.parametrize(
    ("definition", "fault"),
    [
        ("name: team\nslack: {url: https://hooks.example.com/s3cret}", "stands in the rule file"),
        ("name: x\nslack: {url: s3cret}", "slack: url: is no address"),
        ("name: x\nslack: {url_file: /etc/s3cret}", "names a file of the server"),
        ("name: x\nwebhook: {url: 'https://x.example.com', headers: {a: '${HOME}'}}", "only in the rule file"),
        (f"name: x\nslack: {{url: {KEPT}}}", "no secret to be kept"),
        ("name: x", "no channel"),
        (f"name: {'x' * 101}\nslack: {{url: https://hooks.example.com/s3cret}}", "at most 100 characters"),
        ('name: x\nemail: {to: "a@x\\r\\nBcc: b@x", from: g@x, host: mail}', "is no address"),
        ("name: x\nemail: {to: ü@x, from: g@x, host: mail}", "is no address"),
        ('name: x\nemail: {to: a@x, from: g@x, host: "mail\\n"}', "host: has a line break"),
        ("[s3cret]", "no mapping"),
        ("name: [s3cret", "not YAML"),
    ],
)
def test_what_cannot_be_used(source: RuleSource, definition: str, fault: str) -> None:
    with pytest.raises(InvalidReceiver, match=fault) as refused:
        source.put_receiver(definition, "jo", _NOW)
    assert "s3cret" not in str(refused.value).replace("/etc/s3cret", "")
    assert source.current.file is _FILE


def test_a_definition_to_begin_with() -> None:
    assert yaml.safe_load(example("email")) == {"name": "", "email": {"to": "", "from": "", "host": ""}}


def test_the_nodes_that_labels_reach() -> None:
    assert _FILE.route is not None
    (way,) = ways_of(_FILE.route, {"severity": "critical"})
    assert way.key == _FILE.route.routes[0].key_below(_FILE.route.key_below(""))


@pytest.mark.parametrize(
    ("channel", "told"),
    [
        ("webhook: {url: 'http://127.0.0.1:9', headers: {X-Key: s3crét}}", "is no ASCII"),
        ("alertmanager: {url: 'http://127.0.0.1:9', token: s3crét}", "is no ASCII"),
        ("opsgenie: {url: 'http://127.0.0.1:9', api_key: s3crét}", "is no ASCII"),
        ("webhook: {url: 'http://127.0.0.1:9', secret: whsec_s3crét}", "did not answer"),
        (f"webhook: {{url: 'http://{'x' * 64}.example'}}", "its host is none"),
        (f"email: {{to: a@x, from: g@x, security: none, host: {'x' * 64}.example}}", "could not be used"),
    ],
)
def test_what_cannot_be_sent_is_reported_of_the_channel(channel: str, told: str) -> None:
    receiver, _ = receiver_of(f"name: x\n{channel}", {})
    ((_, error),) = try_channels(receiver, "http://gatelens", _NOW).items()
    assert told in error
    assert "s3cr" not in error
