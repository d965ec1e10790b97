"""The rows that tables have of a question.

Requests are counted by latency bucket first: a map of one entry for each bucket costs a third of one for each request.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from processors.query.columns import COLUMNS, Column, Histogram
from processors.query.conditions import Parameters, condition, value_of
from processors.query.dimensions import dimension
from processors.query.planner import Part, Plan, columns_of
from processors.query.question import GROUPING, TIME, Question
from processors.query.tables import Table
from processors.time.window import HOUR, Window, floor

_EMPTY = "CAST(map(), 'Map(Int16, UInt64)')"


@dataclass(frozen=True)
class _Read:
    """What one SELECT reads of a table: parts of the window, and of the one that it is compared with."""

    table: Table
    parts: tuple[Part, ...]
    before: tuple[Part, ...]

    @property
    def time(self) -> str:
        return f"seen.{self.table.time}"

    @property
    def where(self) -> str:
        """The condition that a row is of any of the parts."""
        stretches = [" AND ".join(bounds(part, self.time)) for part in (*self.parts, *self.before)]
        return stretches[0] if len(stretches) == 1 else f"({' OR '.join(f'({stretch})' for stretch in stretches)})"

    def is_before(self, window: Window) -> str:
        """Whether a row is of the window before."""
        if self.parts and self.before:
            return f"({self.time} < {_moment(window.start)})"
        return "0" if self.parts else "1"


def selects(question: Question, plan: Plan, parameters: Parameters) -> list[str]:
    """SELECTs of the keys and columns whose rows together are those of all parts.

    There are as few as possible, for ClickHouse takes longer to plan one than to read what a roll-up has.
    """
    return [_select(question, read, parameters) for read in _reads(question, plan)]


def _reads(question: Question, plan: Plan) -> list[_Read]:
    """One for each table; where a row may be of both, since windows overlap or only filters differ, one for each."""
    tables = dict.fromkeys(part.table for part in (*plan.parts, *plan.before))
    of_table = [
        _Read(
            table,
            tuple(part for part in plan.parts if part.table == table),
            tuple(part for part in plan.before if part.table == table),
        )
        for table in tables
    ]
    if question.against is None and (question.compare is None or question.compare >= question.window.length):
        return of_table
    apart = [alone for read in of_table for alone in (replace(read, before=()), replace(read, parts=()))]
    return [read for read in apart if read.parts or read.before]


def _select(question: Question, read: _Read, parameters: Parameters) -> str:
    is_before = read.is_before(question.window)
    keys = _keys(question, read.time, is_before, parameters)
    columns = [COLUMNS[name] for name in columns_of(question)]
    narrowing, place = (question.filters, "f") if read.parts else (question.filters_before, "b")
    filters = [condition(chosen, read.time, f"{place}{number}", parameters) for number, chosen in enumerate(narrowing)]
    source = f"FROM {read.table.view} AS seen\nWHERE {' AND '.join((read.where, *filters))}"
    if question.each_alone:
        return _counted_alone(keys, columns, read.table, source)
    if question.has_before:
        keys.append(f"{is_before} AS is_before")
    if not read.table.is_requests:
        values = [f"{_held(column, read.table)} AS {column.name}" for column in columns]
        return f"SELECT {', '.join((*keys, *values))}\n{source}"
    return _counted(keys, columns, source)


def _keys(question: Question, time: str, is_before: str, parameters: Parameters) -> list[str]:
    keys = []
    if question.step is not None:
        step = int(question.step.total_seconds())
        seconds = f"toUnixTimestamp({time})"
        if question.compare is not None:
            seconds += f" + if({is_before}, {int(question.compare.total_seconds())}, 0)"
        keys.append(f"toDateTime(intDiv({seconds}, {step}) * {step}, 'UTC') AS {TIME}")
    for number, name in enumerate(question.dimensions):
        chosen = dimension(name)
        value = value_of(chosen, time, f"d{number}_name", parameters)
        # Of one type, whichever table it comes from.
        keys.append(f"{'toInt64' if chosen.is_number else 'toString'}({value}) AS d{number}")
    return keys


def _held(column: Column, table: Table) -> str:
    return f"seen.{column.name}" if column.name in table.columns else column.derived


def _counted(keys: list[str], columns: list[Column], source: str) -> str:
    """Requests, counted by the keys; where there is a histogram, by its bucket too."""
    histograms = [column for column in columns if isinstance(column, Histogram)]
    value = histograms[0].value if histograms else ""
    values = [f"{_of_requests(column, value)} AS {column.name}" for column in columns]
    names = [_alias(key) for key in keys] + ([f"latency_bucket({value})"] if value else [])
    grouping = f"\nGROUP BY {', '.join(names)}" if names else ""
    return f"SELECT {', '.join((*keys, *values))}\n{source}{grouping}"


def _counted_alone(keys: list[str], columns: list[Column], table: Table, source: str) -> str:
    """Rows of any table, counted by each of the keys alone."""
    names = [_alias(key) for key in keys]
    if table.is_requests:
        values = [f"{column.of_requests} AS {column.name}" for column in columns]
    else:
        values = [f"{column.merge.removesuffix('If')}({_held(column, table)}) AS {column.name}" for column in columns]
    grouping = f"grouping({', '.join(names)}) AS {GROUPING}"
    sets = ", ".join(f"({name})" for name in names)
    return f"SELECT {', '.join((grouping, *keys, *values))}\n{source}\nGROUP BY GROUPING SETS ({sets})"


def _alias(key: str) -> str:
    return key.rpartition(" AS ")[2]


def _of_requests(column: Column, bucketed: str) -> str:
    if not isinstance(column, Histogram):
        return column.of_requests
    counts = f"{column.condition} AND {column.value} IS NOT NULL"
    bucket = f"latency_bucket({column.value})"
    if column.value == bucketed:
        return f"if(countIf({counts}) > 0, map({bucket}, countIf({counts})), {_EMPTY})"
    return f"sumMapIf(map({bucket}, toUInt64(1)), {counts})"


def bounds(part: Part, time: str) -> list[str]:
    """The conditions that a row is of the part, for a table whose time is `time`."""
    start, end = _moment(part.start), _moment(part.end)
    bounds = [f"{time} >= {start}", f"{time} < {end}"]
    if part.table.is_by_hour:
        # ClickHouse does not work it out from the time.
        hours = f"toStartOfHour({time}) BETWEEN {_moment(floor(part.start, HOUR))} AND {end}"
        # Of each of so many rows it would be as dear as the time itself; the index alone needs it.
        bounds.append(f"indexHint({hours})" if part.table.is_requests else hours)
    return bounds


def _moment(moment: datetime) -> str:
    # Of a time with a fraction, held against a DateTime: ClickHouse passes over parts whose rows are all of the second
    # before the end.
    return f"toDateTime64({int(moment.timestamp())}, 6, 'UTC')"
