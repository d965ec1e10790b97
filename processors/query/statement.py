"""A question and its plan as one SELECT.

Parts of each table yield the same columns, dimensions as `d0`, `d1`, …; they are put together by group, and the
measures are worked out from that.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from processors.query.columns import COLUMNS
from processors.query.conditions import Parameters
from processors.query.measures import measure
from processors.query.part import selects
from processors.query.planner import Plan, columns_of
from processors.query.question import BEFORE, GROUPING, TIME, Question
from processors.rollups.coverage import Stretch

_SATISFIED = "satisfied_us"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Statement:
    """A SELECT and its parameters; its columns are `time`, dimensions as `d0`, `d1`, …, and measures."""

    sql: str
    parameters: Parameters


def statement(question: Question, plan: Plan, groups: tuple[Question, Plan] | None, now: datetime) -> Statement:
    """The statement; `groups` asks for the first groups over the window, where there is a step and a limit."""
    parameters: Parameters = {}
    keys = _keys(question)
    where = ""
    if groups is not None:
        names = ", ".join(_dimensions(question))
        first = _ranked(*groups, now, parameters, select=names)
        where = f"\nWHERE ({names}) IN (\n{_indented(first)}\n)"
    if question.step is not None:
        order = ", ".join(keys)
        return Statement(f"{_measured(question, plan, now, parameters, where)}\nORDER BY {order}", parameters)
    return Statement(_ranked(question, plan, now, parameters), parameters)


def _ranked(question: Question, plan: Plan, now: datetime, parameters: Parameters, select: str = "") -> str:
    """The groups in their order, the first ones where there is a limit."""
    sql = _measured(question, plan, now, parameters, "")
    keys = _keys(question)
    if keys:
        ordered = question.ordered
        by = f"d{question.dimensions.index(ordered.by)}" if ordered.by in question.dimensions else ordered.by
        direction = "DESC" if ordered.descending else "ASC"
        apart = [GROUPING] if question.has_sets else []
        others = (key for key in keys if key != by)
        sql += f"\nORDER BY {', '.join((*apart, f'{by} {direction} NULLS LAST', *others))}"
    if question.limit is not None:
        sql += f"\nLIMIT {question.limit}{f' BY {GROUPING}' if question.has_sets else ''}"
    return f"SELECT {select} FROM (\n{_indented(sql)}\n)" if select else sql


def _measured(question: Question, plan: Plan, now: datetime, parameters: Parameters, where: str) -> str:
    """The measures of each group."""
    columns = [*([GROUPING] if question.has_sets else []), *_keys(question)]
    window = (question.window.start, question.window.end)
    # What is deleted of the edges alone makes no rate another.
    seconds = _seconds(question, now, (window,) if plan.since is None else plan.answered)
    for name in question.measures:
        if _SATISFIED in measure(name).sql:
            parameters[_SATISFIED] = question.apdex_threshold // timedelta(microseconds=1)
        columns.append(f"{_of(name, '', seconds)} AS {name}")
        if question.has_before:
            then = now + (question.compare or timedelta())
            columns.append(f"{_of(name, BEFORE, _seconds(question, then, (window,)))} AS {name}{BEFORE}")
    return f"SELECT\n    {_listed(columns)}\nFROM (\n{_indented(_merged(question, plan, parameters, where))}\n)"


def _of(name: str, suffix: str, seconds: str) -> str:
    """The SQL of a measure, over the columns whose names end so."""
    chosen = measure(name)
    words = {column: f"{column}{suffix}" for column in chosen.columns} | {
        "seconds": seconds,
        _SATISFIED: f"{{{_SATISFIED}:UInt64}}",
    }
    return _WORD.sub(lambda word: words.get(word[0], word[0]), chosen.sql)


def _seconds(question: Question, now: datetime, answered: Sequence[Stretch]) -> str:
    """How many seconds of these stretches a row covers that have passed, at least one."""
    spans = [(int(start.timestamp()), int(min(end, now).timestamp())) for start, end in answered]
    if question.step is None:
        return str(max(1, sum(max(0, end - start) for start, end in spans)))
    step = int(question.step.total_seconds())
    begins = f"toInt64(toUnixTimestamp({TIME}))"
    if len(spans) == 1:
        ((start, end),) = spans
        return f"greatest(1, least({begins} + {step}, {max(start + 1, end)}) - greatest({begins}, {start}))"
    covered = (f"greatest(0, least({begins} + {step}, {end}) - greatest({begins}, {start}))" for start, end in spans)
    return f"greatest(1, {' + '.join(covered)})"


def _merged(question: Question, plan: Plan, parameters: Parameters, where: str) -> str:
    """The columns of each group, put together from all parts."""
    keys = _keys(question)
    columns = [f"part.{key} AS {key}" for key in keys]
    for name in columns_of(question):
        merge = COLUMNS[name].merge
        if not question.has_before:
            columns.append(f"{merge.removesuffix('If')}(part.{name}) AS {name}")
        else:
            columns.append(f"{merge}(part.{name}, NOT part.is_before) AS {name}")
            columns.append(f"{merge}(part.{name}, part.is_before) AS {name}{BEFORE}")
    together = "\nUNION ALL\n".join(selects(question, plan, parameters))
    grouping = f"\nGROUP BY {', '.join(keys)}" if keys else ""
    if question.also_by:
        columns.insert(0, f"grouping({', '.join(keys)}) AS {GROUPING}")
        sets = (f"({', '.join(keys[:number])})" for number in (len(keys), *question.also_by))
        grouping = f"\nGROUP BY GROUPING SETS ({', '.join(sets)})"
    if question.each_alone:
        # Counted so in each part: by all of them together, single requests would be nearly as many.
        columns.insert(0, f"part.{GROUPING} AS {GROUPING}")
        grouping = f"\nGROUP BY {', '.join((GROUPING, *keys))}"
    return f"SELECT\n    {_listed(columns)}\nFROM (\n{_indented(together)}\n) AS part{where}{grouping}"


def _keys(question: Question) -> list[str]:
    return [*([TIME] if question.step is not None else []), *_dimensions(question)]


def _dimensions(question: Question) -> list[str]:
    return [f"d{number}" for number in range(len(question.dimensions))]


def _listed(columns: Sequence[str]) -> str:
    return ",\n    ".join(columns)


def _indented(sql: str) -> str:
    return "\n".join(f"    {line}" for line in sql.splitlines())
