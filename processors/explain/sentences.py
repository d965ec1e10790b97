"""Causes in plain English."""

from dataclasses import dataclass

from processors.explain.dimensions import DIMENSIONS
from processors.explain.explanation import Cause, Explanation
from processors.explain.ranking import Judgement, Sums

_NOUNS = {dimension.name: dimension.noun for dimension in DIMENSIONS}
_MICROSECONDS = 1000.0
# What goes beyond the whole change by so little is all of it: elsewhere a few events went the other way.
_CLEARLY_MORE = 1.05


@dataclass(frozen=True)
class _Words:
    """How the two sides of a change and what lies between them are called."""

    before: str
    after: str
    rose: str
    fell: str
    rise: str
    fall: str
    change: str
    unseen: str


_OVER_TIME = _Words("before", "after", "rose", "fell", "rise", "fall", "change", "It was not seen before.")
_BETWEEN_TRAFFIC = _Words(
    "in the other traffic", "here", "was higher", "was lower", *(("difference",) * 3), "The other traffic has none."
)


def summary(explanation: Explanation) -> str:
    """What changed, and what carries most of it."""
    measure = explanation.question.measure
    whole = explanation.whole
    difference = Judgement(whole, measure.is_ratio).change
    words = _words(explanation)
    if difference == 0:
        return f"There is no {words.change} in {measure.noun} to explain: {_levels(explanation, whole, '')}."
    moved = words.rose if difference > 0 else words.fell
    beginning = f"{measure.noun[0].upper()}{measure.noun[1:]} {moved}: {_levels(explanation, whole, '')}."
    if not explanation.causes:
        return f"{beginning} No single value accounts for much of it: it is spread like the traffic."
    return f"{beginning} {sentence(explanation, explanation.causes[0])}"


def sentence(explanation: Explanation, cause: Cause) -> str:
    """One cause, e.g. '90 % of the new errors come from upstream payments-v2: 12 before, 4,310 after.'"""
    measure = explanation.question.measure
    rises = Judgement(explanation.whole, measure.is_ratio).change > 0
    share = f"{min(100, round(100 * cause.contribution))} %"
    if cause.contribution > _CLEARLY_MORE:
        share = "More than all"
    words = _words(explanation)
    moved = f"{words.rise if rises else words.fall} in {measure.noun}"
    is_new = not measure.is_ratio and rises and words is _OVER_TIME
    if is_new:
        moved = f"new {measure.noun}"
    verb = "have" if cause.is_symptom else "come from"
    if not is_new:
        verb = "is in those with" if cause.is_symptom else "comes from"
    news = f" {words.unseen}" if not cause.sums.before_of else ""
    return f"{share} of the {moved} {verb} {_names(cause)}: {_levels(explanation, cause.sums, 'its ')}.{news}"


def _names(cause: Cause) -> str:
    return " with ".join(
        f"{_NOUNS[dimension]} {value or '(none)'}"
        for dimension, value in zip(cause.dimensions, cause.values, strict=True)
    )


def _levels(explanation: Explanation, sums: Sums, whose: str = "") -> str:
    measure, words = explanation.question.measure, _words(explanation)
    if measure.name == "p95":
        slow = f"slower than {explanation.threshold_ms or 0:,.1f} ms"
        first, then = _percent(sums.ratio_before), _percent(sums.ratio_after)
        return f"{first} of {whose}requests were {slow} {words.before}, {then} {words.after}"
    if measure.name == "mean":
        before, after = (ratio / _MICROSECONDS for ratio in (sums.ratio_before, sums.ratio_after))
        return f"{before:,.1f} ms {words.before}, {after:,.1f} ms {words.after}"
    if measure.is_ratio:
        return (
            f"{_percent(sums.ratio_before)} of {whose}requests {words.before}, "
            f"{_percent(sums.ratio_after)} {words.after}"
        )
    return f"{sums.before:,.0f} {words.before}, {sums.after:,.0f} {words.after}"


def _words(explanation: Explanation) -> _Words:
    return _OVER_TIME if explanation.question.against is None else _BETWEEN_TRAFFIC


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
