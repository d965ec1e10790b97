"""A planned policy, tried on the requests of the range: how many it stops, when, and of whom."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache

import pandas as pd
from dash import html

from dashboards.absent import NO_CONSUMER
from dashboards.components.figure_card import Figure, figure_cards
from dashboards.components.notice import empty, notice
from dashboards.components.table import Cell, Column, Row, table
from dashboards.figures.time_chart import Lane, Series, by_step, time_chart
from dashboards.notices.kept import kept_requests
from dashboards.pages.what_if.policy_form import planned, policy_choice, policy_form
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from dashboards.state.once import Once
from processors.query.answer import Answer
from processors.query.filters import Filter
from processors.simulation.bursts import burst_percentile, least_limit
from processors.simulation.outcome import Outcome
from processors.simulation.policies import Algorithm, AnyPolicy, Limiting, RateLimit
from processors.simulation.sentences import summary
from processors.simulation.simulate import simulate
from processors.time.window import MINUTE, Window, floor

_REFUSED_AT_MOST = 0.01
# Of the last readers and their policies.
_REMEMBERED = 32
_HEIGHT = 200
_NO_POLICY = "Enter addresses to allow or block, then try it"


def policy_panels(parts: PageParts) -> tuple[Panel, ...]:
    """The kind, the form, and the outcome next to it and below."""

    # It reads single requests, which is too much for each refresh: a minute's answer is given again.
    @lru_cache(maxsize=_REMEMBERED)
    def simulated(policy: AnyPolicy, window: Window, filters: tuple[Filter, ...], _minute: datetime) -> Outcome:
        return simulate(parts.store, policy, window, filters)

    def work_out(context: PageContext) -> Outcome | None:
        policy = planned(context.view)
        filters = (*context.view.filters, *context.implied)
        if policy is None:
            return None
        return simulated(policy, context.window, filters, floor(context.now, MINUTE))

    outcome_of = Once(work_out)
    return (kept_requests(parts), policy_choice(), policy_form(), _outcome(outcome_of), _when(outcome_of))


def _outcome(outcome_of: Once[Outcome | None]) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        outcome = outcome_of(context)
        if outcome is None:
            return empty(_NO_POLICY)
        if not outcome.requests:
            return empty()
        hit = [asdict(counter) | {"share": counter.share} for counter in outcome.counters if counter.stopped]
        nobody = "Nothing would have come from the cache" if outcome.is_cache else "No requests would have been refused"
        return [
            notice("warning" if outcome.stopped and not outcome.is_cache else "good", summary(outcome)),
            figure_cards(_figures(outcome)),
            table(context, "refused", _columns(context, outcome), hit, empty=nobody, page=15),
            html.Ul([html.Li(caveat) for caveat in outcome.caveats], className="remarks"),
        ]

    return Panel("what-if-outcome", "What would have happened", draw, span=8)


def _when(outcome_of: Once[Outcome | None]) -> Panel:
    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        outcome = outcome_of(context)
        if outcome is None:
            return empty(_NO_POLICY)
        if not outcome.steps:
            return empty("A cache is only simulated in total" if outcome.is_cache else "No requests in this range")
        frame = pd.DataFrame([asdict(step) for step in outcome.steps])
        frame["passed"] = frame["requests"] - frame["stopped"] - frame["delayed"]
        bars = [
            Series(name, by_step(context, frame, column) / context.step.total_seconds(), colour, "bar")
            for column, name, colour in (
                ("passed", "let through", "$good"),
                ("delayed", "delayed", "$warning"),
                ("stopped", "refused", "$bad"),
            )
            if column == "passed" or frame[column].any()
        ]
        words = f"Of {outcome.requests:,} requests {outcome.stopped:,} would have been refused"
        return time_chart(context, "what-if-when", [Lane("rate", bars)], height=_HEIGHT, summary=words)

    return Panel("what-if-when", "Over time", draw, height=_HEIGHT, is_chart=True)


def _figures(outcome: Outcome) -> list[Figure]:
    of_all = f"{outcome.stopped:,} of {outcome.requests:,}"
    if outcome.is_cache:
        saved = 1000 * outcome.saved_seconds
        return [
            Figure("cached", "From the cache", "share", outcome.share, note=of_all),
            Figure("saved", "Time saved", "ms", saved, note="of upstreams, in total"),
        ]
    concerned = outcome.counters_concerned
    figures = [
        Figure("refused", "Refused", "share", outcome.share, note=of_all),
        Figure("concerned", "Consumers affected", "count", concerned, note="with requests refused or delayed"),
    ]
    if not isinstance(outcome.policy, Limiting):
        return figures
    is_sliding = isinstance(outcome.policy, RateLimit) and outcome.policy.algorithm is Algorithm.SLIDING
    limit = least_limit(outcome.bursts, _REFUSED_AT_MOST, sliding=is_sliding)
    if outcome.delayed:
        figures.append(Figure("delayed", "Delayed", "count", outcome.delayed, note="then let through"))
    return [
        *figures,
        Figure("burst", "Burst p99", "count", burst_percentile(outcome.bursts, 0.99), note="requests in a window"),
        Figure("advised", "Limit for 1 %", "count", limit, note="refuses at most 1 % of the requests"),
    ]


def _columns(context: PageContext, outcome: Outcome) -> tuple[Column, ...]:
    if outcome.is_cache:
        return (
            Column("key", "What", cell=_who, code=True),
            Column("requests", "Requests", "count"),
            Column("stopped", "From the cache", "count"),
            Column("share", "Share", "share"),
        )

    def at(key: str, label: str) -> Column:
        return Column(key, label, cell=lambda row: context.times.minute(row[key]), rank=3)

    return (
        Column("key", "Who", cell=_who),
        Column("requests", "Requests", "count"),
        Column("stopped", "Refused", "count"),
        Column("share", "Share refused", "share"),
        Column("highest", "Most in a window", "count", rank=2),
        at("first", "First refused"),
        at("last", "Last refused"),
    )


def _who(row: Row) -> Cell:
    return {"text": str(row["key"]) or NO_CONSUMER, "strong": True}
