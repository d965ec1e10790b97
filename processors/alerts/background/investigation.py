"""Looks into the traffic that an alert is about: what carries the change, whose fault it is, and who meets it."""

import math
import re
from collections.abc import Sequence
from datetime import timedelta

from processors.alerts.channels.course import Course
from processors.alerts.evaluation.state import Alert
from processors.alerts.rules.kinds.absence import AbsenceRule
from processors.alerts.rules.kinds.traffic import REQUESTS, MeasureRule, TrafficRule
from processors.alerts.rules.rule import Rule
from processors.explain.explain import explain
from processors.explain.explanation import ChangeQuestion
from processors.explain.measures import MEASURES as EXPLAINED
from processors.explain.measures import explained_measure
from processors.explain.sentences import sentence
from processors.query.measures import MEASURES
from processors.query.question import TIME, Order, Question
from processors.query.questions import Questions
from processors.time.window import HOUR, MINUTE, Window, floor
from storage.store import Store

# What is judged over days is looked into as it is now.
_LONGEST = HOUR
_SHORTEST_BEFORE = 30 * MINUTE
_COURSE = 3 * HOUR
_DEADLINE = timedelta(seconds=5)
_MOST_AFFECTED = 3
_LATENCY = re.compile(r"(upstream_|gateway_)?(p\d+|mean)|max|apdex|satisfied|timed")
_REFUSED = re.compile(r"client_error|status_4xx|policy_|fault_(policy|client)")
_FAULTS = {
    "fault_backend": "the backend",
    "fault_policy": "policies",
    "fault_client": "clients",
    "fault_config": "configuration",
}


class TrafficInvestigation:
    """Over the requests of one store, through handles of its own, so that rules never wait for it."""

    def __init__(self, store: Store, questions: Questions) -> None:
        self._store = store
        self._questions = questions

    def cause(self, rule: Rule, alert: Alert) -> str:
        """Whose fault it is. Raises GatelensError."""
        if not isinstance(rule, TrafficRule) or isinstance(rule, AbsenceRule):
            return ""
        measure = _explained(rule)
        window, filters = _window(alert), rule.requests_of(alert.labels)
        found = explain(
            self._store,
            self._questions,
            ChangeQuestion(explained_measure(measure), window, _before(alert, window), filters),
        )
        places = [cause for cause in found.causes if not cause.is_symptom and not cause.is_echo]
        sentences = [self._share(rule, alert, measure), sentence(found, places[0]) if places else ""]
        return " ".join(filter(None, sentences))

    def affected(self, rule: Rule, alert: Alert) -> str:
        """Whom it meets. Raises GatelensError."""
        if not isinstance(rule, TrafficRule):
            return ""
        window = _window(alert)
        is_absent = isinstance(rule, AbsenceRule)
        fails = not is_absent and _explained(rule) in ("errors", "error_rate", "client_errors", "client_error_rate")
        counted = ("client_errors" if "client" in _explained(rule) else "errors") if fails else REQUESTS
        [answer] = self._questions.ask_all(
            [
                Question(
                    (counted,), _before(alert, window) if is_absent else window, ("consumer",),
                    rule.requests_of(alert.labels), order=Order(counted), limit=_MOST_AFFECTED + 1,
                )
            ],
            _DEADLINE,
        )  # fmt: skip
        rows = [(str(row["consumer"]), int(row[counted])) for row in answer.frame.to_dict("records") if row[counted]]
        what = "failed" if fails else "requests before" if is_absent else "requests"
        listed = [f"{name or 'unknown consumers'} ({count:,} {what})" for name, count in rows[:_MOST_AFFECTED]]
        return ", ".join(listed) + (" and others" if len(rows) > _MOST_AFFECTED else "")

    def course(self, rule: Rule, alert: Alert) -> Course | None:
        """The measure of the last hours. Raises GatelensError."""
        if not isinstance(rule, TrafficRule):
            return None
        compares = isinstance(rule, MeasureRule) and rule.compares_values
        measure = rule.measure if isinstance(rule, MeasureRule) else REQUESTS
        step = max(MINUTE, rule.length if compares and rule.length <= 10 * MINUTE else MINUTE)
        end = floor(_window(alert).end, step)
        window = Window(end - _COURSE, end)
        asked = rule.question(window, measure, step=step).but(dimensions=(), filters=rule.requests_of(alert.labels))
        [answer] = self._questions.ask_all([asked], _DEADLINE)
        values = {row[TIME].to_pydatetime(): float(row[measure]) for row in answer.frame.to_dict("records")}
        times = tuple(window.start + number * step for number in range(window.length // step))
        nothing = 0.0 if MEASURES[measure].is_whole else math.nan
        limits = [(one.severity, one.threshold) for one in rule.conditions] if compares else []
        found = MEASURES[measure]
        return Course(found.title, found.unit, times, tuple(values.get(at, nothing) for at in times), tuple(limits))

    def _share(self, rule: TrafficRule, alert: Alert, measure: str) -> str:
        """Between gateway, backend and clients, e.g. '93 % of the failures are those of the backend.'"""
        is_slow = measure in ("p95", "mean")
        names: Sequence[str] = ("mean", "upstream_mean") if is_slow else tuple(_FAULTS)
        if measure == REQUESTS:
            return ""
        asked = Question(tuple(names), _window(alert), filters=rule.requests_of(alert.labels))
        [answer] = self._questions.ask_all([asked], _DEADLINE)
        found = {name: float(answer.frame[name].iloc[0]) for name in names}
        if is_slow:
            whole, upstream = found["mean"], found["upstream_mean"]
            is_known = not math.isnan(whole + upstream)
            return f"The upstream takes {upstream:,.0f} of {whole:,.0f} ms on average." if is_known else ""
        total = sum(found.values())
        worst = max(found, key=lambda name: found[name])
        return f"{found[worst] / total * 100:.0f} % of the failures are those of {_FAULTS[worst]}." if total else ""


def _explained(rule: TrafficRule) -> str:
    """The measure of Explain that is nearest to what a rule watches."""
    measure = str(getattr(rule, "measure", REQUESTS))
    if measure in {one.name for one in EXPLAINED}:
        return measure
    if measure in (REQUESTS, "rate"):
        return REQUESTS
    if _LATENCY.fullmatch(measure):
        return "p95"
    return "client_errors" if _REFUSED.match(measure) else "errors"


def _window(alert: Alert) -> Window:
    """What was judged, its end where it is long."""
    end = alert.window.end if alert.window is not None else floor(alert.since, MINUTE)
    start = alert.window.start if alert.window is not None else end - _LONGEST
    return Window(max(start, end - _LONGEST), end)


def _before(alert: Alert, window: Window) -> Window:
    """As it was before the alert began, and what was judged then."""
    end = min(floor(alert.active_at, MINUTE), window.end) - window.length
    return Window(end - max(window.length, _SHORTEST_BEFORE), end)
