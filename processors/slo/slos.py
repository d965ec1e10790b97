"""How objectives stand, by the answers to questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from processors.errors import ObjectiveExists, UnknownEntry
from processors.query.answer import Answer
from processors.query.question import DEFAULT_APDEX_THRESHOLD, Question
from processors.slo.budget import FORECAST, WINDOWS, Burning, Counts, budget_left, burning, exhausted_in
from processors.slo.objective import Kind, Objective
from processors.slo.objective_store import ObjectiveStore, StoredObjective
from processors.slo.words import in_words
from processors.time.window import MINUTE, Window, floor

# For how long telemetry may be on its way: a minute that is not complete looks like an outage's end.
DELAY = timedelta(seconds=30)

_AVAILABILITY = ("requests", "errors")
_LATENCY = ("timed", "satisfied")


@dataclass(frozen=True)
class Standing:
    """How an objective stands at a time; shares are from 0 to 1, None where there were no requests."""

    objective: Objective
    at: datetime
    counts: Counts
    budget_left: float | None
    burning: tuple[Burning, ...]
    # After how long the budget is spent at the pace of the last hours; None where that is not in sight.
    exhausted_in: timedelta | None
    words: str

    @property
    def is_met(self) -> bool | None:
        share = self.counts.share_good
        return None if share is None else share >= self.objective.target


class SLOs:
    """The objectives of a configuration and those of people, and what has to be asked to know how they stand."""

    def __init__(self, configured: Sequence[Objective], store: ObjectiveStore | None = None) -> None:
        """Those of people are in the `store`, which nobody else changes meanwhile. Raises StoreError."""
        self._configured = tuple(configured)
        self._store = store
        self._made = {one.objective.name: one for one in store.load()} if store is not None else {}

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """Those of the configuration first; of two of one name, that of the configuration."""
        own = {objective.name for objective in self._configured}
        return (*self._configured, *(one.objective for name, one in sorted(self._made.items()) if name not in own))

    def made_by(self, name: str) -> str:
        """Who made an objective or changed it last; '' for one of the configuration."""
        if any(objective.name == name for objective in self._configured):
            return ""
        return self._made[name].updated_by if name in self._made else ""

    def make(self, objective: Objective, author: str, now: datetime, *, is_new: bool = False) -> None:
        """Make one of people, or change it unless it is to be new. Raises ObjectiveExists, StoreError."""
        self._ensure_own(objective.name)
        if is_new and objective.name in self._made:
            raise ObjectiveExists(
                f"There is an objective {objective.name!r} already; change it by PUT, or name another."
            )
        one = StoredObjective(objective, author, now)
        self._stored.put(one)
        self._made = {**self._made, objective.name: one}

    def delete(self, name: str, author: str, now: datetime) -> None:
        """Delete one of people. Raises ObjectiveExists, UnknownEntry, StoreError."""
        self._ensure_own(name)
        if name not in self._made:
            raise UnknownEntry(f"There is no objective {name!r}; GET /api/v1/slos lists those that there are.")
        self._stored.delete(replace(self._made[name], updated_by=author, updated_at=now))
        self._made = {other: one for other, one in self._made.items() if other != name}

    def _ensure_own(self, name: str) -> None:
        if any(objective.name == name for objective in self._configured):
            raise ObjectiveExists(f"The objective {name!r} is in the configuration; change it there.")

    @property
    def _stored(self) -> ObjectiveStore:
        if self._store is None:
            raise RuntimeError("These objectives are those of a configuration alone.")
        return self._store

    def questions(self, now: datetime) -> list[Question]:
        """For each objective one for each of its windows."""
        at = floor(now - DELAY, MINUTE)
        return [_question(objective, length, at) for objective in self.objectives for length in _lengths(objective)]

    def standings(self, answers: Sequence[Answer]) -> list[Standing]:
        """How each objective stands by the answers to its questions; one that was made meanwhile is left out."""
        found = {answer.question: answer for answer in answers}
        ends = {question.window.end for question in found}
        standings = []
        for objective in self.objectives:
            for at in ends:
                asked = {length: _question(objective, length, at) for length in _lengths(objective)}
                if all(question in found for question in asked.values()):
                    standings.append(_standing(objective, {length: found[each] for length, each in asked.items()}))
        return standings


def _lengths(objective: Objective) -> tuple[timedelta, ...]:
    """The windows of an objective, the whole period last."""
    return (*(window for window in WINDOWS if window < objective.period), objective.period)


def _question(objective: Objective, length: timedelta, at: datetime) -> Question:
    return Question(
        _AVAILABILITY if objective.kind is Kind.AVAILABILITY else _LATENCY,
        Window(at - length, at),
        filters=objective.conditions,
        apdex_threshold=objective.threshold or DEFAULT_APDEX_THRESHOLD,
    )


def _counts(objective: Objective, answer: Answer) -> Counts:
    if answer.frame.empty:
        return Counts(0, 0)
    row = answer.frame.iloc[0]
    if objective.kind is Kind.AVAILABILITY:
        return Counts(int(row["requests"]) - int(row["errors"]), int(row["requests"]))
    return Counts(int(row["satisfied"]), int(row["timed"]))


def _standing(objective: Objective, answers: Mapping[timedelta, Answer]) -> Standing:
    counts = {length: _counts(objective, answer) for length, answer in answers.items()}
    of_period = counts[objective.period]
    left = budget_left(of_period, objective.target)
    burns = burning(counts, objective.target, objective.period)
    forecast = exhausted_in(of_period, counts[FORECAST], objective.target)
    at = answers[objective.period].question.window.end
    return Standing(objective, at, of_period, left, burns, forecast, in_words(left, burns, forecast))
