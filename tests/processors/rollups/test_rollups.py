"""Roll-ups are filled from what passed, what comes late and what was there before; each request is in them once."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from opentelemetry.metrics import NoOpMeter

from processors.errors import RebuildImpossible, UnknownRollup
from processors.query.filters import parse_filter
from processors.query.question import Question
from processors.query.questions import Questions
from processors.rollups.build import build, counted, runs, sweep
from processors.rollups.coverage import RollupCoverage, kept_of
from processors.rollups.filler import RollupFiller
from processors.rollups.rollup import ROLLUPS, Rollup, chosen
from processors.time.window import DAY, HOUR, Window
from storage.store import Store

# Before what other tests store, and each test before the last: what comes after the clock is not looked at.
_STARTS = (datetime(2001, 3, 1, 20, tzinfo=UTC) - days * DAY for days in count(0, 10))
_ENVIRONMENT = "rollups"
_IN = parse_filter(f"environment={_ENVIRONMENT}")
_API = ROLLUPS[0]
_DURATIONS = count(1)


class _Clock:
    def __init__(self, start: datetime) -> None:
        self.start = start
        self.now = start + 12 * HOUR

    def __call__(self) -> datetime:
        # No two builds begin in the same millisecond.
        self.now += timedelta(milliseconds=1)
        return self.now


@pytest.fixture
def start() -> datetime:
    return next(_STARTS)


@pytest.fixture
def clock(start: datetime) -> _Clock:
    return _Clock(start)


@pytest.fixture
def filler(store: Store, clock: _Clock) -> RollupFiller:
    filler = RollupFiller(store, clock, NoOpMeter("test"), pause=timedelta(), settling_seconds=0)
    # Requests of other tests may claim any time.
    filler.fill()
    return filler


def _store(store: Store, at: datetime, requests: int, route: str = "/a") -> None:
    # No two inserts are equal, or the second would be taken for a retry.
    duration = next(_DURATIONS)
    store.insert(
        "requests",
        ("time", "environment", "api", "route", "method", "status", "duration_us", "ingested_at"),
        [
            (at + timedelta(seconds=number), _ENVIRONMENT, "orders", route, "GET", 200, duration, at)
            for number in range(requests)
        ],
    )


def _told(store: Store, clock: _Clock, *dimensions: str) -> tuple[int, str]:
    """How many requests there are, and from which tables that is told."""
    window = Window(clock.start, clock.start + DAY)
    questions = Questions(store, clock)
    answer = questions.ask(Question(("requests",), window, dimensions, (_IN,)))
    questions.close()
    return int(answer.frame["requests"].sum()), answer.table


def _held(store: Store, clock: _Clock, table: str, column: str = "sum(requests)") -> int:
    """How many requests a table has."""
    between = f"time BETWEEN '{clock.start - DAY:%F %T}' AND '{clock.start + DAY:%F %T}'"
    return int(store.rows(f"SELECT {column} FROM {table} WHERE {between}")[0][0])


def _drop_day(store: Store, day: datetime) -> None:
    """As retention does: a deletion of rows would look at whatever other tests have stored."""
    store.command(f"ALTER TABLE requests DROP PARTITION '{day:%F}'")


def test_what_was_stored_before_is_filled_in(store: Store, clock: _Clock, filler: RollupFiller) -> None:
    for hours in (0, 1, 5):
        _store(store, clock.start + hours * HOUR, 10)
    assert _told(store, clock, "route")[0] == 30
    # Three hours of six roll-ups, and the first of two days of two: the second has not passed.
    assert filler.fill() == 3 * 6 + 2
    assert _told(store, clock, "route") == (30, "route_1h + requests")
    assert _told(store, clock, "consumer") == (30, "consumer_1h + requests")
    assert _held(store, clock, "usage_consumer_1h") == 30
    assert _held(store, clock, "usage_1d") == 20
    assert filler.fill() == 0
    assert set(filler.waiting.values()) == {0}


def test_what_comes_late_is_counted_at_once_and_filled_in(store: Store, clock: _Clock, filler: RollupFiller) -> None:
    _store(store, clock.start, 10)
    filler.fill()
    _store(store, clock.start + timedelta(minutes=20), 5, "/late")
    clock.now += timedelta(seconds=2)
    assert _told(store, clock, "route")[0] == 15
    assert filler.fill() == 6 + 2
    clock.now += timedelta(seconds=2)
    assert _told(store, clock, "route") == (15, "route_1h + requests")
    assert _held(store, clock, "usage_route_1h") == 15
    # What no longer holds goes.
    assert _held(store, clock, "route_1h", "count()") == 3
    sweep(store, ROLLUPS, clock() + DAY, timedelta())
    assert _held(store, clock, "route_1h", "count()") == 2


def test_what_comes_during_a_build_keeps_it_from_taking_effect(store: Store, clock: _Clock) -> None:
    _store(store, clock.start, 10)
    build(store, _API, counted(store, _API, clock.start, clock.start + HOUR), clock(), lambda: None)

    class _Busy:
        """A store to which a request comes while a roll-up is made."""

        def __getattr__(self, name: str) -> object:
            return getattr(store, name)

        def command(self, sql: str, parameters: object = None) -> None:
            store.command(sql, parameters)  # type: ignore[arg-type]
            _store(store, clock.start, 1)

    built = build(_Busy(), _API, {clock.start: 10}, clock(), lambda: None)  # type: ignore[arg-type]
    assert not built.made
    assert _held(store, clock, "usage_10m") == 10
    assert _told(store, clock)[0] == 11


@pytest.mark.parametrize("rollup", ROLLUPS)
def test_many_quiet_windows_are_not_made_of_more_days_than_one_insert_takes(rollup: Rollup, start: datetime) -> None:
    windows = {start + number * rollup.unit: 1 for number in range(400 * DAY // rollup.unit)}
    found = list(runs(rollup, windows, 1_000_000))
    assert {time: requests for run in found for time, requests in run.items()} == windows
    assert all(max(run) - min(run) < 90 * DAY for run in found)
    assert len(found) == 5


def test_a_build_that_breaks_off_is_not_seen(store: Store, clock: _Clock, filler: RollupFiller) -> None:
    _store(store, clock.start, 10)

    def breaks_off() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        build(store, _API, {clock.start: 10}, clock(), breaks_off)
    assert _held(store, clock, "api_10m") == 10
    assert _held(store, clock, "usage_10m", "count()") == 0
    filler.fill()
    assert _held(store, clock, "usage_10m") == 10


def test_a_window_is_made_anew_and_counted_once(store: Store, clock: _Clock, filler: RollupFiller) -> None:
    _store(store, clock.start, 10)
    filler.fill()
    wanted = filler.rebuild(Window(clock.start, clock.start + HOUR), ["api_10m"])
    assert wanted == {"api_10m": 1, "api_1d": 1}
    assert filler.wanted == 2
    assert filler.fill() == 2
    assert filler.wanted == 0
    assert _held(store, clock, "usage_10m") == 10


def test_what_has_no_requests_any_more_is_kept(store: Store, clock: _Clock, filler: RollupFiller) -> None:
    # On a day that goes, and on the next.
    _store(store, clock.start, 10)
    _store(store, clock.start + 4 * HOUR, 10)
    filler.fill()
    _drop_day(store, clock.start)
    with pytest.raises(RebuildImpossible, match="Choose a later --from"):
        filler.rebuild(Window(clock.start, clock.start + 5 * HOUR))
    assert _told(store, clock, "route") == (20, "route_1h + requests")
    _store(store, clock.start, 3, "/late")
    clock.now += timedelta(seconds=2)
    # Of that hour there are 10 known and 3 stored: a build would lose the 10.
    filler.fill()
    assert _held(store, clock, "usage_route_1h") == 20
    assert filler.fill() == 0


def test_what_comes_late_does_not_hide_what_was_deleted(store: Store, clock: _Clock, filler: RollupFiller) -> None:
    _store(store, clock.start, 20)
    filler.fill()
    _drop_day(store, clock.start)
    _store(store, clock.start, 1)
    clock.now += HOUR
    filler.fill()
    clock.now += timedelta(seconds=2)
    assert _told(store, clock, "route")[0] == 20
    assert filler.fill() == 0


def test_coverage_has_a_hole_where_something_lacks(store: Store, clock: _Clock, filler: RollupFiller) -> None:
    _store(store, clock.start, 1)
    filler.fill()
    _store(store, clock.start + HOUR, 1)
    covered = RollupCoverage(store, clock)()
    ever = datetime(1970, 1, 1, tzinfo=UTC)
    assert covered["route_1h"] == ((ever, clock.start + HOUR), (clock.start + 2 * HOUR, clock.start + 12 * HOUR))


def test_what_was_deleted_is_not_asked_of_requests(store: Store, clock: _Clock, filler: RollupFiller) -> None:
    # Until the end of the first day, and from the third on.
    kept = (clock.start + 2 * DAY).replace(hour=0)
    for at, requests in ((clock.start, 20), (kept, 6)):
        _store(store, at, requests)
    clock.now += 5 * DAY
    filler.fill()
    window = Window(clock.start, kept + HOUR)
    assert RollupCoverage(store, clock)().get(kept_of(_ENVIRONMENT)) is None
    _drop_day(store, clock.start)
    questions = Questions(store, clock)
    whole, routes, paths, rates = questions.ask_all(
        [
            Question(("requests",), window, filters=(_IN,)),
            Question(("requests",), window, ("route",), (_IN,)),
            Question(("requests",), window, ("path",), (_IN,), compare=HOUR),
            Question(("rate",), window, ("path",), (_IN,)),
        ]
    )
    questions.close()
    assert (int(whole.frame["requests"].sum()), whole.since) == (26, None)
    assert (int(routes.frame["requests"].sum()), routes.since) == (26, None)
    until = clock.start.replace(hour=0) + DAY
    assert (int(paths.frame["requests"].sum()), paths.since) == (6, until)
    # Of what it is compared with, as much is gone.
    assert paths.frame["requests_before"].isna().all()
    # Over the time that there is.
    assert rates.frame["rate"].sum() == pytest.approx(6 / (window.end - until).total_seconds())


def test_what_is_deleted_while_it_is_asked_is_known_soon(store: Store, clock: _Clock) -> None:
    _store(store, clock.start, 20)
    clock.now += 3 * DAY
    coverage = RollupCoverage(store, clock)
    assert coverage().get(kept_of(_ENVIRONMENT)) is None
    _drop_day(store, clock.start)
    clock.now += timedelta(seconds=20)
    day = clock.start.replace(hour=0)
    assert [stretch[0] for stretch in coverage()[kept_of(_ENVIRONMENT)]][-1] == day + DAY


def test_what_only_days_still_tell_of_was_deleted(store: Store, clock: _Clock) -> None:
    # As where hours are kept no longer than requests.
    day, environment, build = clock.start.replace(hour=0), f"rollups-{clock.start:%j}", int(clock.start.timestamp())
    store.insert("api_1d", ("time", "environment", "api", "requests", "build"), [(day, environment, "a", 20, build)])
    windows = ("name", "time", "build", "requests", "built_at")
    store.insert("rollup_windows", windows, [("api_1d", day, build, 20, clock.start)])
    # A build that does not hold.
    store.insert("api_1d", ("time", "environment", "api", "requests", "build"), [(day - DAY, environment, "a", 20, 1)])
    clock.now += 5 * DAY
    kept = RollupCoverage(store, clock)()[kept_of(environment)]
    assert next(stretch[1] for stretch in kept) == day
    assert [stretch[0] for stretch in kept][-1] == day + DAY


def test_a_rate_is_over_the_time_of_which_requests_are_there(store: Store, clock: _Clock) -> None:
    first = clock.start.replace(hour=0)
    for number, requests in enumerate((10, 20, 6)):
        _store(store, first + number * DAY, requests)
    clock.now += 5 * DAY
    _drop_day(store, first + DAY)
    questions = Questions(store, clock)
    window = Window(first, first + 3 * DAY)
    whole, by_day, long_steps = questions.ask_all(
        [
            Question(("rate", "requests"), window, ("path",), (_IN,)),
            Question(("rate",), window, ("path",), (_IN,), step=DAY),
            # Steps of a week begin on Thursdays.
            Question(("rate",), window, ("path",), (_IN,), step=7 * DAY),
        ]
    )
    questions.close()
    seconds = DAY.total_seconds()
    assert int(whole.frame["requests"].sum()) == 16
    assert whole.frame["rate"].tolist() == [pytest.approx(16 / (2 * seconds))]
    assert by_day.frame["rate"].tolist() == [pytest.approx(10 / seconds), pytest.approx(6 / seconds)]
    counted: dict[int, tuple[int, float]] = {}
    for number, requests in ((0, 10), (2, 6)):
        week = int((first + number * DAY).timestamp()) // (7 * 86400)
        sums = counted.get(week, (0, 0.0))
        counted[week] = (sums[0] + requests, sums[1] + seconds)
    assert long_steps.frame["rate"].tolist() == [
        pytest.approx(requests / long) for _, (requests, long) in sorted(counted.items())
    ]


def test_where_a_little_was_taken_out_by_hand_the_rest_is_asked(store: Store, clock: _Clock) -> None:
    _store(store, clock.start, 19)
    # As if one of twenty had been deleted.
    store.command(
        "INSERT INTO api_1h (hour, environment, api, requests) VALUES"
        f" ('{clock.start:%F %T}', '{_ENVIRONMENT}', 'orders', 1)"
    )
    clock.now += 3 * DAY
    assert RollupCoverage(store, clock)().get(kept_of(_ENVIRONMENT)) is None


def test_roll_ups_are_known_by_name() -> None:
    assert [rollup.name for rollup in chosen(["api_10m"])] == ["api_10m", "api_1d"]
    with pytest.raises(UnknownRollup, match="use any of api_10m"):
        chosen(["api_1m"])
