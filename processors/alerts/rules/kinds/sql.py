"""A statement of one's own: its last numeric column is the value, the others keep groups apart."""

import math
from datetime import datetime, timedelta
from typing import Literal

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from pydantic import Field

from processors.alerts.rules.filters import label_name
from processors.alerts.rules.plan import Plan, Sources
from processors.alerts.rules.rule import Rule
from processors.alerts.rules.sample import Sample
from processors.errors import InvalidRule
from processors.time.durations import Duration


class SqlRule(Rule):
    """An alert for each row of a SELECT whose value is beyond the threshold."""

    kind: Literal["sql"]
    sql: str = Field(min_length=1)
    # The time it looks at, for messages.
    window_: Duration = Field(default=timedelta(minutes=5), alias="window")

    @property
    def reads_present(self) -> bool:
        return True

    @property
    def watched(self) -> str:
        return "the value of the query"

    @property
    def length(self) -> timedelta:
        return self.window_

    @property
    def group_labels(self) -> tuple[str, ...] | None:
        return None

    def plan(self, now: datetime, delay: timedelta) -> Plan:
        return Plan(self.window(now, delay), read=self._read)

    def _read(self, sources: Sources) -> list[Sample]:
        frame = sources.select(self.sql)
        value = _value_column(frame)
        groups = [name for name in frame.columns if name != value]
        labels = [label_name(name) for name in groups]
        samples = []
        for row in frame.itertuples(index=False, name=None):
            cells = dict(zip(frame.columns, row, strict=True))
            number = float(cells[value])
            if not math.isnan(number):
                group = {label: str(cells[name]) for label, name in zip(labels, groups, strict=True)}
                samples.append(Sample(group, number, self.min_requests))
        return samples


def _value_column(frame: pd.DataFrame) -> str:
    numeric = [name for name in frame.columns if is_numeric_dtype(frame[name]) and not is_bool_dtype(frame[name])]
    if not numeric:
        raise InvalidRule("The query has no numeric column; select the value as its last one, as count() AS value.")
    return str(numeric[-1])
