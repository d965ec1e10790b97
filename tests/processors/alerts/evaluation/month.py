"""A month of traffic with incidents by a seed, played to the real engine on a simulated clock, and to the backtest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from opentelemetry.metrics import get_meter

from processors.alerts.engine import DEFAULT_INTERVAL_SECONDS, AlertEngine
from processors.alerts.evaluation.backtest import backtest
from processors.alerts.rule_file import RuleFile
from processors.alerts.rule_source import RuleSource
from processors.query.questions import Questions
from processors.time.window import DAY, MINUTE, Window, floor
from storage.store import Store
from tests.processors.alerts import rig

WINDOW = Window(datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))
_INTERVAL = timedelta(seconds=DEFAULT_INTERVAL_SECONDS)
_APIS = ("orders", "carts", "stock")
_A_MINUTE = 4
# The longest window of the rules, and until all of them have come to rest.
_SETTLED = 18 * MINUTE
# An API that fails before it is gone has alerts that fire when nothing is found of it any more.
_UNTIL_MISSING = 3 * MINUTE
_KINDS = ("failing", "slow", "missing")

# Rule, API, severity, when it fired, and when it was over, in minutes of the month.
FiredAlert = tuple[str, str, str, float, float | None]


@dataclass(frozen=True)
class Planted:
    """Something that goes wrong with an API."""

    api: str
    start: datetime
    end: datetime
    # Of its requests.
    failing: float = 0.0
    # Times as slow.
    slow: float = 1.0
    # Of the requests that there would be, after a while in which all come.
    missing: float = 0.0

    def since(self, name: str) -> datetime:
        """When a field begins to count."""
        return self.start + (_UNTIL_MISSING if name == "missing" else timedelta())


def planted(seed: int) -> list[Planted]:
    """One incident of each kind on days of their own, and one over the end of the month."""
    random = Random(seed)
    starts = [
        WINDOW.start + day * DAY + timedelta(seconds=random.randrange(3600, 22 * 3600))
        for day in sorted(random.sample(range(1, 29), len(_KINDS)))
    ]
    kinds = [*random.sample(_KINDS, len(_KINDS)), random.choice(_KINDS)]
    last = WINDOW.end - timedelta(seconds=random.randrange(240, 540))
    return [_incident(random, kind, start) for kind, start in zip(kinds, [*starts, last], strict=True)]


def _incident(random: Random, kind: str, start: datetime) -> Planted:
    lasting = timedelta(seconds=random.randrange(240, 600))
    failing, slow, missing = random.uniform(0.2, 1), random.uniform(4, 30), min(random.uniform(0.8, 1.1), 1)
    api, end = random.choice(_APIS), start + lasting
    if kind == "slow":
        return Planted(api, start, end, slow=slow)
    if kind == "failing":
        return Planted(api, start, end, failing=failing)
    return Planted(api, start, end + _UNTIL_MISSING, failing=failing, missing=missing)


def fill(store: Store, environment: str, incidents: Sequence[Planted], apis: Sequence[str] = _APIS) -> None:
    """Store a few requests of each API a minute, fewer and worse ones where something is planted."""
    failing, slow, missing = (_by_time(incidents, name, usual) for name, usual in zip(_KINDS, (0, 1, 0), strict=True))
    store.command(
        f"""
        INSERT INTO requests (time, environment, gateway, reporter, api, api_version, status, fault, duration_us)
        WITH
            {{apis:Array(String)}} AS apis,
            apis[1 + number % length(apis)] AS api,
            toDateTime64({{start:Int64}}, 6, 'UTC')
                + toIntervalSecond(intDiv(number, length(apis)) * {60 // _A_MINUTE} + 7) AS at,
            (salt -> cityHash64(number, salt) % 10000 / 10000) AS draw
        SELECT
            at, {{environment:String}}, 'edge', 'gateway', api, 'v1', if(draw(1) < {failing}, 503, 200), '',
            toUInt64(20000 * (1 + 2 * draw(2)) * {slow})
        FROM numbers({{rows:UInt64}})
        WHERE draw(3) >= {missing}
        """,
        {
            "apis": list(apis),
            "start": int(WINDOW.start.timestamp()),
            "environment": environment,
            "rows": (WINDOW.length // MINUTE) * _A_MINUTE * len(apis),
        },
    )


def _by_time(incidents: Sequence[Planted], name: str, usual: float) -> str:
    cases = [
        f"api = '{one.api}' AND at >= toDateTime({one.since(name).timestamp():.0f}, 'UTC')"
        f" AND at < toDateTime({one.end.timestamp():.0f}, 'UTC'), {getattr(one, name)}"
        for one in incidents
        if getattr(one, name) != usual
    ]
    return f"multiIf({', '.join(cases)}, {usual})" if cases else str(usual)


def rule_file(environment: str) -> RuleFile:
    """A rule of each kind that looks at traffic by the minute."""
    rules: list[dict[str, Any]] = [
        {"name": "errors", "measure": "error_rate", "window": "3m", "op": ">", "for": "2m", "keep_firing_for": "4m",
         "severities": {"warning": {"threshold": 0.1, "recovery": 0.05}, "critical": {"threshold": 0.5}}},
        {"name": "slow", "measure": "p95", "window": "5m", "op": ">=", "threshold": 150, "min_requests": 6},
        {"name": "silent", "kind": "absence", "window": "4m", "seen_within": "6h"},
        {"name": "fewer", "kind": "change", "measure": "requests", "window": "5m", "against": "day", "op": "<",
         "threshold": -0.5, "recovery": -0.3},
        {"name": "budget", "kind": "burn_rate", "objective": "99%", "windows": [
            {"long": "6m", "short": "3m", "factor": 14.4, "severity": "critical"},
            {"long": "12m", "short": "5m", "factor": 6, "severity": "warning"},
        ]},
        {"name": "periods", "kind": "consecutive", "measure": "errors", "window": "2m", "periods": 3, "op": ">",
         "threshold": 2},
    ]  # fmt: skip
    common = {"by": ["api"], "filters": {"environment": environment}}
    return RuleFile.model_validate({"rules": [{**common, **rule} for rule in rules], "delay": "0s"})


def by_engine(store: Store, file: RuleFile, incidents: Iterable[Planted]) -> list[FiredAlert]:
    """The alerts of an engine that plays each incident at its own interval, until all is settled.

    In between nothing is pending and nothing fires, which is asserted, and traffic is as usual; so an engine that has
    run all the while would be where a new one begins. A page that the backtest lists there would be one too many.
    """
    fired: list[FiredAlert] = []
    for one in incidents:
        # What knows of no earlier round catches up on none.
        store.command("TRUNCATE TABLE alert_rounds")
        start, end = floor(one.start, MINUTE) - 2 * MINUTE, one.end + _SETTLED
        fired += _played(store, file, Window(start, min(floor(end, MINUTE), WINDOW.end)))
    return sorted(fired)


def _played(store: Store, file: RuleFile, window: Window) -> list[FiredAlert]:
    clock = [window.start]
    # Nothing is stored meanwhile, so the same question has the same answer; a new minute asks anew.
    questions = Questions(store, lambda: floor(clock[0], MINUTE))
    engine = AlertEngine(
        store, RuleSource(file=file), lambda: clock[0], get_meter("month"), "http://gatelens", questions, rig.Sources()
    )
    while clock[0] <= window.end:
        engine.tick(clock[0])
        assert not any(status.fault for status in engine.overview()), engine.overview()
        clock[0] += _INTERVAL
    assert window.end == WINDOW.end or not engine.alerts()
    names = {rule.name for rule in file.rules}
    # The last evaluation is at its end.
    found = [one for one in engine.incidents(Window(window.start, window.end + MINUTE)) if one.rule in names]
    engine.stop()
    questions.close()
    return [_fired_alert(one.rule, one.labels["api"], one.severity, one.fired_at, one.resolved_at) for one in found]


def by_backtest(questions: Questions, file: RuleFile) -> list[FiredAlert]:
    """The alerts that the backtest lists for the whole month."""
    found = backtest(file.rules, questions, WINDOW)
    assert not found.faults
    return sorted(
        _fired_alert(page.rule, page.labels["api"], page.labels["severity"], page.fired_at, page.resolved_at)
        for page in found.pages
    )


def _fired_alert(rule: str, api: str, severity: str, fired: datetime, resolved: datetime | None) -> FiredAlert:
    ended = (resolved - WINDOW.start) / MINUTE if resolved is not None else None
    return rule, api, severity, (fired - WINDOW.start) / MINUTE, ended
