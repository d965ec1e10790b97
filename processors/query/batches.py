"""Several questions as few: those that one pass over a table answers are asked together, and the answer is divided.

Questions go together that differ in their measures, and where there is no limit, in one value that they filter by: the
rules of 500 APIs become one question by API. So do those by some dimensions, by the first of these and by none; and the
first values of one dimension and of others.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from processors.query import planner
from processors.query.answer import Answer, columns_of, in_order
from processors.query.columns import COLUMNS
from processors.query.dimensions import dimension
from processors.query.filters import Filter, Operator
from processors.query.measures import MEASURES, Measure, Unit, measure
from processors.query.planner import Plan, Stretches
from processors.query.question import BEFORE, GROUPING, Question
from processors.query.tables import MINUTES

Planner = Callable[[Question], Plan]

# Every table holds it.
_NONE = ("requests",)


@dataclass(frozen=True)
class _Kind:
    """What questions that go together have in common."""

    # With no measures of its own; where there is a limit, with the one that it is ordered by.
    common: Question
    # The dimension that each of them filters by one value.
    divided_by: str = ""


@dataclass(frozen=True)
class Batch:
    """A question in place of others."""

    question: Question
    members: tuple[Question, ...]
    divided_by: str = ""

    def divide(self, answer: Answer) -> list[tuple[Question, Answer]]:
        """The answer of each member out of the answer to all."""
        if self.members == (self.question,) and not answer.frame.empty:
            return [(self.question, answer)]
        if not self.divided_by:
            return [(member, _part(answer, answer.frame[columns_of(member)], member)) for member in self.members]
        places = answer.frame.groupby(self.divided_by, sort=False).indices
        # Cut to their columns once for all members that ask for the same.
        cut = {names: answer.frame[list(names)] for names in {tuple(columns_of(member)) for member in self.members}}
        return [
            (member, _part(answer, rows.iloc[places.get(_value(member, self.divided_by), [])], member))
            for member in self.members
            for rows in (cut[tuple(columns_of(member))],)
        ]


@dataclass(frozen=True)
class Chain:
    """A question by several sets of its dimensions, in place of one for each."""

    question: Question
    links: tuple[Batch, ...]

    @property
    def members(self) -> tuple[Question, ...]:
        return tuple(member for link in self.links for member in link.members)

    def divide(self, answer: Answer) -> list[tuple[Question, Answer]]:
        """The answer of each member out of the answer to all."""
        return [divided for link in self.links for divided in link.divide(self._of(link.question, answer))]

    def _of(self, question: Question, answer: Answer) -> Answer:
        lacking = sum(
            1 << place
            for place, name in enumerate(reversed(self.question.dimensions))
            if name not in question.dimensions
        )
        rows = answer.frame[answer.frame[GROUPING] == lacking]
        # Each is in order, and as long as the longest.
        cut = rows[columns_of(question)].head(len(rows) if question.limit is None else question.limit)
        return replace(answer, question=question, frame=cut.reset_index(drop=True))


def batches(questions: Iterable[Question], plan: Planner) -> list[Batch | Chain]:
    """The questions that are to be asked for these. `plan` raises InvalidQuestion, and so does this."""
    chosen = {question: _kinds(question) for question in dict.fromkeys(questions)}
    popular = Counter(kind for kinds in chosen.values() for kind in kinds)
    together: dict[_Kind, list[Question]] = defaultdict(list)
    for question, kinds in chosen.items():
        together[max(kinds, key=lambda kind: popular[kind])].append(question)
    batched = [batch for kind, members in together.items() for batch in _batches(kind, members, plan)]
    return _chained(batched, plan)


def _batches(kind: _Kind, members: Sequence[Question], plan: Planner) -> list[Batch]:
    """Those together that the same tables answer, alone and together."""
    by_parts: dict[object, list[Question]] = defaultdict(list)
    for member in members:
        by_parts[plan(member).stretches].append(member)
    batched = []
    for parts, alike in by_parts.items():
        all_of_them = _together(kind, alike)
        if len(alike) > 1 and plan(all_of_them).stretches == parts:
            batched.append(Batch(all_of_them, tuple(alike), kind.divided_by if _differ(kind, alike) else ""))
        else:
            batched += [Batch(member, (member,)) for member in alike]
    return batched


def _chained(batched: Sequence[Batch], plan: Planner) -> list[Batch | Chain]:
    """Those as one that differ in how many dimensions they are by, and that the same tables answer."""
    alike: dict[tuple[Question, Stretches], list[Batch]] = defaultdict(list)
    for batch in batched:
        alike[_apart_from_dimensions(batch.question), plan(batch.question).stretches].append(batch)
    found: list[Batch | Chain] = []
    for (_, stretches), several in alike.items():
        waiting = sorted(several, key=lambda batch: -len(batch.question.dimensions))
        while waiting:
            links = _links(waiting)
            waiting = [batch for batch in waiting if batch not in links]
            chain = Chain(_by_all(links), links)
            is_one = len(links) > 1 and plan(chain.question).stretches == stretches
            found += [chain] if is_one else links
    return _beside_each_other(found, plan)


def _beside_each_other(batched: Sequence[Batch | Chain], plan: Planner) -> list[Batch | Chain]:
    """Those as one that ask for the first values of one dimension each, and that the same tables answer."""
    alike: dict[tuple[Question, Stretches], list[Batch]] = defaultdict(list)
    others: list[Batch | Chain] = []
    for batch in batched:
        if isinstance(batch, Batch) and _is_of_first_values(batch.question):
            alone = batch.question
            alike[alone.but(dimensions=(), order=alone.ordered, limit=None), plan(alone).stretches].append(batch)
        else:
            others.append(batch)
    for (_, stretches), several in alike.items():
        together = Chain(_by_each(several), tuple(several))
        is_one = len(several) > 1 and plan(together.question).stretches == stretches
        others += [together] if is_one else several
    return others


def _is_of_first_values(question: Question) -> bool:
    is_counted = all(COLUMNS[name].is_number for name in planner.columns_of(question))
    is_plain = question.step is None and not question.has_before and len(question.dimensions) == 1
    return is_plain and is_counted and question.limit is not None and question.ordered.by in question.measures


def _by_each(several: Sequence[Batch]) -> Question:
    questions = [batch.question for batch in several]
    return questions[0].but(
        dimensions=tuple(name for question in questions for name in question.dimensions),
        order=questions[0].ordered,
        limit=max(question.limit for question in questions if question.limit is not None),
        each_alone=True,
    )


def _apart_from_dimensions(question: Question) -> Question:
    """What those have in common that may go together.

    Those with a step are each for themselves, and those by what has many values: one that takes too much would take
    the totals with it.
    """
    columns = {column for name in question.dimensions for column in dimension(name).columns}
    if question.step is not None or not columns <= MINUTES.keeps:
        return question
    return question.but(measures=_NONE, dimensions=(), order=None, limit=None)


def _links(batched: Sequence[Batch]) -> tuple[Batch, ...]:
    """The first one, and those by fewer and fewer of its dimensions that are in the same order."""
    links = [batched[0]]
    for batch in batched[1:]:
        question, longer = batch.question, links[-1].question
        number = len(question.dimensions)
        if number == len(longer.dimensions) or question.dimensions != longer.dimensions[:number]:
            continue
        if not number or (question.ordered, question.limit is None) == (longer.ordered, longer.limit is None):
            links.append(batch)
    return tuple(links)


def _by_all(links: Sequence[Batch]) -> Question:
    longest, *shorter = (link.question for link in links)
    measures = dict.fromkeys(name for question in (longest, *shorter) for name in question.measures)
    # That of the total would cut the groups.
    limits = [one.limit for one in (longest, *shorter) if one.dimensions and one.limit is not None]
    return longest.but(
        measures=tuple(measures),
        order=longest.ordered if longest.dimensions else None,
        limit=max(limits, default=None),
        also_by=tuple(len(question.dimensions) for question in shorter),
    )


def _together(kind: _Kind, members: Sequence[Question]) -> Question:
    asked_for = [name for member in members for name in member.measures]
    measures = tuple(dict.fromkeys(asked_for if kind.common.limit is None else (*kind.common.measures, *asked_for)))
    if not _differ(kind, members):
        return members[0].but(measures=measures, order=kind.common.order)
    values = tuple(dict.fromkeys(_value(member, kind.divided_by) for member in members))
    return kind.common.but(
        measures=measures,
        dimensions=(*kind.common.dimensions, kind.divided_by),
        filters=(*kind.common.filters, Filter(kind.divided_by, values=values)),
    )


def _differ(kind: _Kind, members: Sequence[Question]) -> bool:
    return bool(kind.divided_by) and len({_value(member, kind.divided_by) for member in members}) > 1


def _kinds(question: Question) -> list[_Kind]:
    """Every kind that a question is of: as it stands, and without each filter that it could be divided by."""
    if question.limit is None:
        common = question.but(measures=_NONE, order=None)
    else:
        by = question.ordered.by
        common = question.but(measures=(by,) if by in MEASURES else _NONE, order=question.ordered)
    kinds = [_Kind(common)]
    # What it is compared with is not of the one value.
    if question.limit is None and question.against is None:
        often = Counter(chosen.dimension for chosen in question.filters)
        kinds += [
            _Kind(common.but(filters=tuple(kept for kept in question.filters if kept is not chosen)), chosen.dimension)
            for chosen in question.filters
            if _is_of_one_value(chosen) and often[chosen.dimension] == 1
            if chosen.dimension not in question.dimensions
        ]
    return kinds


def _is_of_one_value(chosen: Filter) -> bool:
    return chosen.operator is Operator.IN and len(chosen.values) == 1 and not dimension(chosen.dimension).is_number


def _value(question: Question, name: str) -> str:
    """What it asks for of the dimension that it is divided by."""
    return next(chosen.values[0] for chosen in question.filters if chosen.dimension == name)


def _part(answer: Answer, rows: pd.DataFrame, member: Question) -> Answer:
    if rows.empty and not member.dimensions and member.step is None:
        rows = _of_nothing(member)
    return replace(answer, question=member, frame=in_order(member, rows))


def _of_nothing(question: Question) -> pd.DataFrame:
    """The row of no requests."""
    suffixes = ("", BEFORE) if question.has_before else ("",)
    values = {f"{name}{suffix}": [_nothing(measure(name))] for name in question.measures for suffix in suffixes}
    return pd.DataFrame(values)


def _nothing(chosen: Measure) -> object:
    if chosen.is_histogram:
        return {}
    return 0 if chosen.is_whole else 0.0 if chosen.unit is Unit.PER_SECOND else float("nan")
