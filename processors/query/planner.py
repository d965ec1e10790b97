"""Which tables answer a question: the cheapest that do it exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from processors.errors import InvalidQuestion
from processors.query.dimensions import dimension
from processors.query.filters import Filter, Operator, is_met
from processors.query.measures import measure
from processors.query.question import Question
from processors.query.tables import TABLES, Table
from processors.rollups.coverage import Covered, Stretch, kept, shared
from processors.time.window import HOUR, ceil, floor

# Of the traffic that Table.rows_an_hour is about: to plan for a table takes 10 ms, and to read these rows no longer.
_FEW_ROWS = 8_000
# What is deleted of a window's edges changes no figure that people read.
_MOST_LOST = 0.05


@dataclass(frozen=True)
class Part:
    """A stretch of a window and the table that answers for it."""

    table: Table
    start: datetime
    end: datetime


# What is read of each table from when to when.
Stretches = tuple[tuple[str, datetime, datetime], ...]


@dataclass(frozen=True)
class Plan:
    """Parts that make up the window, and those of the window that it is compared with."""

    parts: tuple[Part, ...]
    before: tuple[Part, ...]
    reason: str
    # From when on there is what is asked, where its beginning has been deleted; None where nothing is.
    since: datetime | None = None
    # Whether some of what it is compared with has been deleted.
    lacks_before: bool = False

    @property
    def answered(self) -> tuple[Stretch, ...]:
        """The time of the window that there is something of, without what has been deleted."""
        found: list[Stretch] = []
        for part in self.parts:
            follows = bool(found) and found[-1][1] == part.start
            found.append((found.pop()[0] if follows else part.start, part.end))
        return tuple(found)

    @property
    def stretches(self) -> Stretches:
        """Plans that have the same are one pass."""
        return tuple((part.table.name, part.start, part.end) for part in (*self.parts, *self.before))

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables, the one of the most time first."""
        parts = sorted((*self.parts, *self.before), key=lambda part: part.start - part.end)
        return tuple(dict.fromkeys(part.table.name for part in parts))


def columns_of(question: Question) -> tuple[str, ...]:
    """The names of COLUMNS that its measures are worked out from."""
    return tuple(dict.fromkeys(column for name in question.measures for column in measure(name).columns))


def missing(question: Question, table: Table) -> list[str]:
    """What keeps a table from answering a question, in words; empty where it can."""
    names = dict.fromkeys(
        (*question.dimensions, *(chosen.dimension for chosen in (*question.filters, *question.filters_before)))
    )
    dimensions = [dimension(name) for name in names]
    faults = [chosen.name for chosen in dimensions if not set(chosen.columns) <= table.keeps]
    faults += [chosen.name for chosen in dimensions if table.grain > (chosen.longest_step or table.grain)]
    faults += [column for column in columns_of(question) if not table.holds(column)]
    if table.grain and question.step is not None:
        if question.step % table.grain:
            faults.append("the step")
        elif question.compare is not None and question.compare % table.grain:
            faults.append("the comparison")
    demanded = _demanded(question.filters) & _demanded(question.filters_before)
    if table.only_present and not table.only_present & demanded:
        faults.append(f"requests without {' and '.join(sorted(table.only_present))}")
    return faults


def plan(question: Question, covered: Covered, tables: Sequence[Table] = TABLES) -> Plan:
    """The plan; `covered` comes from Coverage. Raises InvalidQuestion where no table can answer."""
    able = sorted((table for table in tables if not missing(question, table)), key=lambda table: table.rows_an_hour)
    window = question.window
    holds = _Held(covered, question.filters)
    found = _cover(window.start, window.end, able, holds)
    since = _since(found, window.start, window.end)
    # A statement reads something, even where there is nothing left.
    parts = found or (Part(able[-1], window.end, window.end),)
    before: tuple[Part, ...] = ()
    lacks_before = False
    if question.has_before:
        back = question.compare or timedelta()
        holds_before = _Held(covered, question.filters_before)
        before = _cover(window.start - back, window.end - back, able, holds_before)
        lacks_before = _since(before, window.start - back, window.end - back) is not None
    reason = _reason(question, parts, tables)
    if since is not None:
        reason += f" Requests before {since:%Y-%m-%d %H:%M} UTC have been deleted."
    return Plan(parts, before, reason, since, lacks_before)


@dataclass(frozen=True)
class _Held:
    """What tables hold of the environments that a question is about."""

    covered: Covered
    filters: tuple[Filter, ...]

    def longest(self, table: Table, start: datetime, end: datetime) -> Stretch:
        """The longest stretch of whole rows that the table holds everything of."""
        stretches = self.covered.get(table.name, () if table.is_background else ((start, end),))
        if table.covered_as:
            stretches = shared(stretches, self.covered.get(table.covered_as, ((start, end),)))
        whole = [
            (ceil(max(start, since), table.grain), floor(min(end, until), table.grain))
            for since, until in stretches
            if since < end and until > start
        ]
        return max(whole, key=lambda stretch: stretch[1] - stretch[0], default=(start, start))

    def requests(self, table: Table, start: datetime, end: datetime) -> tuple[Part, ...]:
        """What there is of single requests."""
        found = kept(self.covered, self._is_asked, (start, end))
        return tuple(Part(table, *stretch) for stretch in found)

    def _is_asked(self, environment: str) -> bool:
        return all(is_met(one, environment) for one in self.filters if one.dimension == "environment")


def _since(parts: Sequence[Part], start: datetime, end: datetime) -> datetime | None:
    """The end of the longest stretch that no part answers; None where these are no more than rows of the edges."""
    edges = [start, *(edge for part in parts for edge in (part.start, part.end)), end]
    gaps = [(edges[number], edges[number + 1]) for number in range(0, len(edges), 2)]
    longest = max(gaps, key=lambda gap: gap[1] - gap[0])
    lost = sum((until - since for since, until in gaps), timedelta())
    if longest[1] - longest[0] < HOUR and lost < _MOST_LOST * (end - start):
        return None
    return longest[1]


def _cover(start: datetime, end: datetime, tables: Sequence[Table], held: _Held) -> tuple[Part, ...]:
    """What the first table has whole rows of, and on either side of it what the others have, in order of time."""
    if start >= end:
        return ()
    if not tables:
        raise InvalidQuestion("No table holds all of this together; ask for less at once.")
    table, *others = tables
    if table.is_requests:
        return held.requests(table, start, end)
    first, last = held.longest(table, start, end)
    if last <= first or _is_not_worth_it(table, (first, last), others, held):
        return _cover(start, end, others, held)
    # Beside a hole, the table itself may have more.
    around = tables if table.is_background else others
    return (
        *_cover(start, first, around, held),
        Part(table, first, last),
        *_cover(last, end, around, held),
    )


def _is_not_worth_it(table: Table, stretch: Stretch, others: Sequence[Table], held: _Held) -> bool:
    """Whether the next finer one has so little for this stretch that to plan for one more table would take longer."""
    for finer in others:
        if not finer.is_requests and finer.grain < table.grain and held.longest(finer, *stretch) == stretch:
            return (stretch[1] - stretch[0]) / HOUR * finer.rows_an_hour < _FEW_ROWS
    return False


def _demanded(filters: Sequence[Filter]) -> set[str]:
    """The dimensions that what passes the filters has."""
    return {
        chosen.dimension
        for chosen in filters
        if chosen.operator is Operator.PRESENT
        or (chosen.operator is Operator.IN and dimension(chosen.dimension).absent not in chosen.values)
    }


def _reason(question: Question, parts: Sequence[Part], tables: Sequence[Table]) -> str:
    used = list(dict.fromkeys(part.table for part in sorted(parts, key=lambda part: part.start - part.end)))
    main, *edges = used
    lacks = {table.name: missing(question, table) for table in tables if table.rows_an_hour < main.rows_an_hour}
    if not main.is_requests:
        reason = f"{main.name} is the smallest table that holds all that is asked"
    elif any(lacks.values()):
        nearest = min((lack for lack in lacks.values() if lack), key=len)
        reason = f"requests, as no rollup holds {', '.join(nearest)}"
    else:
        reason = "requests, as no rollup has whole rows of the window"
    if edges:
        reason += f"; what lies beside its whole rows is from {' and '.join(table.name for table in edges)}"
    return reason + "."
