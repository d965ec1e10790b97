"""What a rule needs to know at one evaluation, and how it makes samples of that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import numpy as np
import pandas as pd

from processors.alerts.rules.sample import Sample
from processors.query.answer import Answer
from processors.query.question import Question
from processors.time.window import Window

# A row for each of several evaluations, a column for each group.
Course = np.ndarray[Any, Any]


class Sources(Protocol):
    """Sources other than the traffic."""

    def signal(self, name: str) -> float | None:
        """A figure of the pipeline of Gatelens; None where it is not known here."""

    def select(self, sql: str) -> pd.DataFrame:
        """The answer to a statement of a person's. Raises StoreError."""

    def certificates(self) -> pd.DataFrame:
        """The certificates of gateways: environment, gateway, certificate, days. Raises StoreError."""


@dataclass(frozen=True)
class Plan:
    """Questions about traffic, or something else that is read; and the samples that it gives."""

    # What is judged.
    window: Window
    questions: tuple[Question, ...] = ()
    samples: Callable[[Sequence[Answer]], list[Sample]] = lambda answers: []
    read: Callable[[Sources], list[Sample]] | None = None
    # How long ago the window ended, where windows do not move on with each minute.
    late: timedelta = timedelta()
    # In which evaluations, a minute apart and the first at the end of the window, and of which groups a condition may
    # hold, given the columns of each question's answer, or of its last step. Evaluations in which none does need not be
    # gone through one by one.
    may_hold: Callable[[Sequence[Mapping[str, Course]]], Course] | None = None


def rows_of(answer: Answer) -> list[Mapping[str, Any]]:
    """The rows of an answer, each by the names of its columns."""
    columns = list(answer.frame.columns)
    values = [answer.frame[name].tolist() for name in columns]
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]
