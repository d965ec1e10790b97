"""Consumers of a window compared with the one before, and the share of their monthly quota that is used."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from processors.consumers.directory import ConsumerDirectory
from processors.query.filters import Filter
from processors.query.question import BEFORE, TIME, Question
from processors.query.questions import Questions
from processors.time.steps import step_of
from processors.time.window import MINUTE, Window, floor

# Beyond, the least busy are left out.
MOST_CONSUMERS = 5_000
# Growth that is worth a word: this much more, and no chance (4 standard errors of counts that come as they like).
_GROWTH = 1.5
_STANDARD_ERRORS = 4.0
# Who asked less than this before is not missed.
_FEWEST_MISSED = 20
# In which it is looked for when the first requests came.
_LEAST_STEPS = 20


class ConsumerState(StrEnum):
    """How a consumer's requests compare with the time before."""

    NEW = "new"
    GROWING = "growing"
    SHRINKING = "shrinking"
    VANISHED = "vanished"
    STEADY = "steady"
    # Of the time before too little is known.
    UNKNOWN = "not compared"


@dataclass(frozen=True)
class ConsumerEntry:
    """A consumer; '' where the gateway knew none. Rates are shares of 1, p95 in milliseconds."""

    consumer: str
    name: str
    team: str
    state: ConsumerState
    requests: int
    # None where it is not known.
    requests_before: int | None
    errors: int
    error_rate: float
    p95: float


@dataclass(frozen=True)
class Month:
    """A calendar month in UTC until now; what is counted in it, times `pace`, is what it comes to at its end."""

    window: Window
    pace: float


@dataclass(frozen=True)
class QuotaUse:
    """Requests of a month until now, and what they come to at its end at this pace."""

    consumer: str
    name: str
    quota: int
    used: int
    forecast: int

    @property
    def share(self) -> float:
        return self.used / self.quota


def consumers(
    questions: Questions, directory: ConsumerDirectory, window: Window, filters: Sequence[Filter] = ()
) -> list[ConsumerEntry]:
    """The consumers of the window or of the time of the same length before it, the busiest first. Raises StoreError."""
    question = Question(
        ("requests", "errors", "error_rate", "p95"),
        window,
        ("consumer",),
        tuple(filters),
        compare=window.length,
        limit=MOST_CONSUMERS,
    )
    frame = questions.ask(question).frame
    # A question by consumer may need requests that are gone where one of all consumers does not.
    is_known = bool(frame[f"requests{BEFORE}"].notna().all()) and _is_known(questions, question)
    columns = ["consumer", "requests", f"requests{BEFORE}", "errors", "error_rate", "p95"]
    return [
        ConsumerEntry(
            consumer,
            directory.name(consumer),
            directory.team(consumer),
            state_of(int(before), int(requests)) if is_known else ConsumerState.UNKNOWN,
            int(requests),
            int(before) if is_known else None,
            int(errors),
            float(rate),
            float(p95),
        )
        for consumer, requests, before, errors, rate, p95 in frame[columns].itertuples(index=False)
    ]


def _is_known(questions: Questions, question: Question) -> bool:
    """Whether there were requests, and are still, for most of the time before: without, everybody would be new."""
    before = question.window.before()
    # Whoever is looked for may be new.
    others = tuple(one for one in question.filters if one.dimension != "consumer")
    answer = questions.ask(Question(("requests",), before, filters=others, step=step_of(before, _LEAST_STEPS)))
    seen = answer.frame[answer.frame["requests"] > 0]
    return answer.since is None and not seen.empty and seen[TIME].min() < before.start + before.length / 2


def state_of(before: int, now: int) -> ConsumerState:
    """What became of so many requests."""
    if not before:
        return ConsumerState.NEW
    if not now:
        return ConsumerState.VANISHED if before >= _FEWEST_MISSED else ConsumerState.STEADY
    if abs(now - before) <= _STANDARD_ERRORS * math.sqrt(now + before):
        return ConsumerState.STEADY
    if now >= _GROWTH * before:
        return ConsumerState.GROWING
    return ConsumerState.SHRINKING if before >= _GROWTH * now else ConsumerState.STEADY


def month_until(now: datetime) -> Month:
    """The month that `now` is in."""
    start = floor(now, timedelta(days=1)).replace(day=1)
    end = (start + timedelta(days=32)).replace(day=1)
    return Month(Window(start, floor(now, MINUTE) + MINUTE), (end - start) / max(now - start, MINUTE))


def quotas(questions: Questions, directory: ConsumerDirectory, now: datetime) -> list[QuotaUse]:
    """Of everybody with a quota, the use of this month, the fullest first. Raises StoreError."""
    limits = directory.quotas
    if not limits:
        return []
    month = month_until(now)
    question = Question(("requests",), month.window, ("consumer",), (Filter("consumer", values=tuple(limits)),))
    frame = questions.ask(question).frame
    used = dict(zip(frame["consumer"], frame["requests"], strict=True))
    found = [
        QuotaUse(
            consumer,
            directory.name(consumer),
            quota,
            int(used.get(consumer, 0)),
            round(int(used.get(consumer, 0)) * month.pace),
        )
        for consumer, quota in limits.items()
    ]
    return sorted(found, key=lambda use: -use.share)
