"""The causes of a change, from single requests that one statement reads.

A sample of very many requests is enough: a cause carries at least a twentieth of a change.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from heapq import nlargest

import pandas as pd

from processors.errors import InvalidQuestion
from processors.explain.counted import Counted, counted
from processors.explain.dimensions import DIMENSIONS, ExplainedDimension
from processors.explain.explanation import Cause, ChangeQuestion, Explanation
from processors.explain.overlap import Overlaps
from processors.explain.ranking import Judgement, Sums
from processors.explain.sample import Sample, sample
from processors.query.conditions import Parameters
from processors.query.dimensions import dimension
from processors.query.question import Question
from processors.query.questions import Questions
from processors.query.selection import passing, within
from processors.query.views import without_views
from processors.time.window import Window
from storage.sql import load
from storage.store import Store

# What carries less of a change is no cause of it.
_LEAST_CONTRIBUTION = 0.05
# A value whose share of the whole hardly moved is where everything happens anyway, e.g. the only environment.
_LEAST_SURPRISE = 0.0005
# Among causes of at least that part of the best one's surprise, and hardly more requests, DIMENSIONS decides.
_AS_GOOD_AS_EVEN = 0.9
_MOST_SYMPTOMS = 4
_MOST_VALUES = 25
# What they have in common is counted for each combination of them.
_MOST_CANDIDATES = 12
# Of both windows: in a sample of this size, the share of a value of one in twenty is exact to half a per cent.
_MOST_REQUESTS = 200_000

_NAMES = tuple(chosen.name for chosen in DIMENSIONS)


def explain(
    store: Store, questions: Questions, question: ChangeQuestion, most_requests: int = _MOST_REQUESTS
) -> Explanation:
    """What carries the change; of more than twice `most_requests` a sample is read.

    Raises InvalidQuestion and StoreError.
    """
    _ensure_kept(questions, question)
    threshold = _p95(questions, question) if question.measure.needs_threshold else None
    if question.measure.needs_threshold and threshold is None:
        return Explanation(question, Sums(0, 0, 0, 0), ())
    taken = sample(question.measure, *_requests(questions, question), most_requests)
    requests = _read(store, question, taken, threshold)
    judged = Judgement(requests.whole(), question.measure.is_ratio, taken.events)
    singles = _distinct(
        Cause((chosen.name,), (value,), sums, judged.contribution(sums), judged.surprise(sums), chosen.is_symptom)
        for chosen, value, sums in _parts(requests, judged, question.differing_dimensions)
        if not judged.is_chance(sums)
    )
    places = [cause for cause in singles if not cause.is_symptom][:_MOST_CANDIDATES]
    symptoms = [cause for cause in singles if cause.is_symptom][:_MOST_SYMPTOMS]
    if len(places) > 1:
        overlaps = Overlaps(places, requests.overlaps(places), judged)
        places = overlaps.echoes_marked(_distinct([*places, *overlaps.pairs()]))
    return Explanation(question, judged.whole, (*places, *symptoms), threshold, taken.every)


def _ensure_kept(questions: Questions, question: ChangeQuestion) -> None:
    """Raise InvalidQuestion where requests of either window have been deleted: all others would look new or gone."""
    both = ((question.window, question.filters), (question.baseline, question.baseline_filters))
    for window, filters in both:
        since = questions.kept_since(window, filters)
        if since is not None:
            raise InvalidQuestion(
                f"A change is explained by single requests, and those from {window.start:%Y-%m-%d %H:%M} to"
                f" {min(since, window.end):%Y-%m-%d %H:%M} UTC have been deleted. Choose a later or shorter range, or"
                " compare with a later one."
            )


def _read(store: Store, question: ChangeQuestion, taken: Sample, threshold: float | None) -> Counted:
    # What the statement does not name must not be among them.
    parameters: Parameters = {} if threshold is None else {"threshold": threshold * 1000}
    columns = (f"toLowCardinality(toString({dimension(name).sql})) AS {name}" for name in _NAMES)
    places = {
        "columns": ",\n    ".join(columns),
        "numerator": question.measure.numerator,
        "denominator": question.measure.denominator,
        "is_after": _is_after(question, parameters),
        "weight": taken.weight,
        "sampled": taken.condition,
        "within": _either(question.baseline, question.window),
        "where": _passing_either(question, parameters),
    }
    sql = load("processors.explain", "counted")
    for place, text in places.items():
        sql = sql.replace(f"{{{place}}}", text)
    scale = question.window.length / question.baseline.length
    return counted(store.raw(without_views(store, sql), "Arrow", parameters), _NAMES, scale)


def _is_after(question: ChangeQuestion, parameters: Parameters) -> str:
    """Whether a request is what is explained; one that is in both traffics is counted in each."""
    if question.against is None:
        return within(question.window)
    here, there = _passing_each(question, parameters)
    return f"arrayJoin(multiIf(({here}) AND ({there}), [0, 1], {here}, [1], [0]))"


def _passing_either(question: ChangeQuestion, parameters: Parameters) -> str:
    here, there = _passing_each(question, parameters)
    return here if question.against is None else f"(({here}) OR ({there}))"


def _passing_each(question: ChangeQuestion, parameters: Parameters) -> tuple[str, str]:
    return passing(question.filters, parameters), passing(question.baseline_filters, parameters, "b")


def _either(first: Window, second: Window) -> str:
    """The condition that a request is of one of the two windows."""
    if first == second:
        return within(first)
    if first.end == second.start:
        return within(Window(first.start, second.end))
    return f"{within(first)} OR {within(second)}"


def _parts(
    requests: Counted, judged: Judgement, differing_dimensions: frozenset[str]
) -> Iterator[tuple[ExplainedDimension, str, Sums]]:
    """Of each dimension the values that carry most of the change, or go most against it."""
    for chosen in DIMENSIONS:
        if chosen.name in differing_dimensions:
            continue
        most = nlargest(_MOST_VALUES, requests.parts(chosen.name), key=lambda part: abs(judged.contribution(part[1])))
        yield from ((chosen, value, sums) for value, sums in most)


def _distinct(causes: Iterable[Cause]) -> list[Cause]:
    """Those that count, the most surprising first, values of the same requests as one."""
    kept: dict[tuple[Sums, bool], Cause] = {}
    for cause in sorted(causes, key=_place):
        if cause.contribution < _LEAST_CONTRIBUTION or cause.surprise < _LEAST_SURPRISE:
            continue
        key = (cause.sums, cause.is_symptom)
        first = kept.setdefault(key, cause)
        if first is not cause and len(cause.dimensions) == 1:
            kept[key] = replace(first, same_as=(*first.same_as, (cause.dimensions[0], cause.values[0])))
    return _ranked(kept.values())


def _ranked(causes: Iterable[Cause]) -> list[Cause]:
    """The most surprising first; of those that are as good as even, an API that fails comes before who calls it."""
    left = sorted(causes, key=lambda cause: -cause.surprise)
    ranked = []
    while left:
        first = min((cause for cause in left if _is_even(cause, left[0])), key=_place)
        left.remove(first)
        ranked.append(first)
    return ranked


def _is_even(cause: Cause, best: Cause) -> bool:
    is_as_surprising = cause.surprise >= _AS_GOOD_AS_EVEN * best.surprise
    return is_as_surprising and _AS_GOOD_AS_EVEN * cause.sums.after_of <= best.sums.after_of


def _place(cause: Cause) -> list[int]:
    return [_NAMES.index(name) for name in cause.dimensions]


def _p95(questions: Questions, question: ChangeQuestion) -> float | None:
    """The baseline's, in milliseconds; None where no duration is known."""
    (found,) = questions.ask(Question(("p95",), question.baseline, filters=question.baseline_filters)).frame["p95"]
    return None if pd.isna(found) else float(found)


def _requests(questions: Questions, question: ChangeQuestion) -> tuple[int, int]:
    """How many there are in both windows, and how many of them a rare measure counts."""
    counts = ("requests", question.measure.events or "errors")
    sides = ((question.window, question.filters), (question.baseline, question.baseline_filters))
    answers = questions.ask_all([Question(counts, window, filters=filters) for window, filters in sides])
    requests, events = (sum(int(answer.frame[name].sum()) for answer in answers) for name in counts)
    return requests, events
