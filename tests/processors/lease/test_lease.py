"""The lease: whatever is slow, cut off or wrong about the time, no two processes have it at once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from processors.lease.lease import LEASE_SECONDS, SharedLease
from processors.lease.terms import Term, Terms
from storage.errors import StoreUnavailable
from storage.store import Store

_START = datetime(2026, 3, 2, 12, tzinfo=UTC)
_PROCESSES = 3


class World:
    """Time, and a store that keeps the first row of each number; it may be away, or slow."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.rows = [Term(0)]
        self.is_away = False
        # How long each call takes, one after the other.
        self.slow: list[float] = []

    @property
    def now(self) -> datetime:
        return _START + timedelta(seconds=self.seconds)

    def latest(self) -> tuple[Term, datetime]:
        self._call()
        return self.rows[-1], self.now

    def claim(self, term: Term) -> None:
        self._call()
        if term.number > self.rows[-1].number:
            self.rows.append(term)

    def _call(self) -> None:
        self.seconds += self.slow.pop() if self.slow else 0.0
        if self.is_away:
            raise StoreUnavailable("away")


class _ModelTerms(Terms):
    def __init__(self, world: World) -> None:
        self._world = world

    def latest(self) -> tuple[Term, datetime]:
        return self._world.latest()

    def claim(self, term: Term) -> None:
        self._world.claim(term)


def _lease(world: World, number: int) -> SharedLease:
    # Their clocks are minutes apart.
    off = timedelta(minutes=7 * number)
    return SharedLease(_ModelTerms(world), f"directory-{number}", lambda: world.now + off, lambda: world.seconds)


def _tenures(*leases: SharedLease) -> list[int | None]:
    return [lease.tenure for lease in leases]


_STEPS = st.lists(
    st.tuples(
        st.integers(0, _PROCESSES - 1),
        st.sampled_from([0.0, 1.0, 9.9, 15.0, 24.9, 25.1, 40.0, 41.0]),
        st.booleans(),
        st.lists(st.sampled_from([0.0, 0.1, 14.0, 26.0, 45.0]), max_size=3),
    ),
    max_size=60,
)


@given(_STEPS)
def test_no_two_processes_lead_at_once(steps: Sequence[tuple[int, float, bool, list[float]]]) -> None:
    world = World()
    leases = [_lease(world, number) for number in range(_PROCESSES)]
    tenures: dict[int, int] = {}
    for number, pause, is_away, slow in steps:
        world.seconds += pause
        world.is_away, world.slow = is_away, list(slow)
        leases[number].renew()
        leading = [one for one, lease in enumerate(leases) if lease.tenure is not None]
        assert len(leading) <= 1
        for one in leading:
            # Who leads the same tenure again has been followed by nobody since.
            tenure = leases[one].tenure
            assert tenure is not None
            assert tenures.setdefault(tenure, one) == one
            assert all(term.holder == f"directory-{one}" for term in world.rows if term.number >= tenure)


def test_all_leaders_go_by_the_time_of_the_store() -> None:
    world = World()
    leases = [_lease(world, number) for number in range(_PROCESSES)]
    for lease in leases:
        lease.renew()
    assert {lease.now() for lease in leases} == {world.now}


def test_a_dead_leader_is_followed_after_its_lease_and_one_that_stops_at_once() -> None:
    world = World()
    first, second = _lease(world, 0), _lease(world, 1)
    first.renew()
    second.renew()
    assert _tenures(first, second) == [1, None]
    world.seconds = LEASE_SECONDS
    second.renew()
    assert _tenures(first, second) == [None, 2]
    second.release()
    first.renew()
    assert _tenures(first, second) == [4, None]


def test_after_an_outage_of_the_store_the_leader_goes_on() -> None:
    world = World()
    first, second = _lease(world, 0), _lease(world, 1)
    first.renew()
    second.renew()
    world.is_away = True
    for _ in range(10):
        world.seconds += 10
        first.renew()
        second.renew()
    assert first.tenure is None
    world.is_away = False
    second.renew()
    first.renew()
    assert _tenures(first, second) == [1, None]


def test_the_next_process_on_a_directory_leads_without_a_wait() -> None:
    world = World()
    _lease(world, 0).renew()
    other, again = _lease(world, 1), _lease(world, 0)
    other.renew()
    again.renew()
    assert _tenures(other, again) == [None, 2]


def test_the_store_keeps_one_row_of_those_that_are_inserted_at_once(store: Store) -> None:
    """The real table: four claim each term at the same moment, and one of them has it."""
    terms = Terms(store, "lease-race")
    with ThreadPoolExecutor(4) as pool:
        for number in range(1, 26):
            claims = [Term(number, f"directory-{one}", f"process-{one}", number) for one in range(4)]
            list(pool.map(terms.claim, claims))
            latest, _ = terms.latest()
            assert latest in claims
            # A claim that comes late changes nothing.
            terms.claim(Term(number, "late", "late", number))
            assert terms.latest()[0] == latest
