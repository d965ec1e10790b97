"""One round: what every rule finds, with all questions about traffic asked together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from processors.alerts.rules.plan import Plan, Sources
from processors.alerts.rules.rule import Rule
from processors.alerts.rules.sample import Sample
from processors.query.answer import Answer
from processors.query.question import Question
from processors.time.window import Window
from storage.errors import GatelensError


class Asked(Protocol):
    """What answers questions, as Questions does."""

    def outcomes(self, questions: Sequence[Question]) -> list[Answer | GatelensError]: ...


DEFAULT_DELAY = timedelta(seconds=30)


@dataclass(frozen=True)
class Finding:
    """What a rule found, and over what window."""

    window: Window
    samples: list[Sample]


def evaluate(
    rules: Iterable[Rule], questions: Asked, sources: Sources, now: datetime, delay: timedelta = DEFAULT_DELAY
) -> dict[str, Finding | Exception]:
    """By the name of each rule what it found, or why it could not be evaluated; one that fails fails alone."""
    plans = {rule.name: rule.plan(now, delay) for rule in rules}
    asked = list(dict.fromkeys(question for plan in plans.values() for question in plan.questions))
    answers = dict(zip(asked, questions.outcomes(asked), strict=True))
    return {name: _finding(plan, answers, sources) for name, plan in plans.items()}


def _finding(plan: Plan, answers: Mapping[Question, Answer | GatelensError], sources: Sources) -> Finding | Exception:
    found: list[Answer] = []
    for question in plan.questions:
        answer = answers[question]
        if isinstance(answer, GatelensError):
            return answer
        found.append(answer)
    # Whatever is wrong with one rule, the others are to be evaluated.
    try:
        return Finding(plan.window, plan.read(sources) if plan.read is not None else plan.samples(found))
    except Exception as error:
        return error
