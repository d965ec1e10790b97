"""The measures whose change can be explained: each a sum, or a ratio of two sums, over requests."""

from dataclasses import dataclass

from processors.errors import InvalidQuestion


@dataclass(frozen=True)
class ExplainedMeasure:
    """`numerator` and `denominator` are SQL over one request, `seen`, summed.

    A count is its numerator, and its denominator is the traffic behind it; a ratio is the first by the second.
    """

    name: str
    # As in a sentence: 'the rise in {noun}'.
    noun: str
    numerator: str
    denominator: str
    is_ratio: bool
    # If the numerator counts rare requests, the measure of them: a sample has all of them
    # unless they are many after all.
    events: str = ""

    @property
    def is_rare(self) -> bool:
        return bool(self.events)

    @property
    def needs_threshold(self) -> bool:
        """Whether it counts what is slower than the baseline's p95."""
        return "{threshold:" in self.numerator


_ERROR = "(seen.status < 200 OR seen.status > 499)"
_CLIENT_ERROR = "seen.status BETWEEN 400 AND 499"
_KNOWN = "seen.duration_us IS NOT NULL"

MEASURES: tuple[ExplainedMeasure, ...] = (
    ExplainedMeasure("errors", "errors", _ERROR, "1", is_ratio=False, events="errors"),
    ExplainedMeasure("error_rate", "the error rate", _ERROR, "1", is_ratio=True, events="errors"),
    ExplainedMeasure("client_errors", "client errors", _CLIENT_ERROR, "1", is_ratio=False, events="client_errors"),
    ExplainedMeasure(
        "client_error_rate", "the client error rate", _CLIENT_ERROR, "1", is_ratio=True, events="client_errors"
    ),
    ExplainedMeasure("mean", "the mean latency", "ifNull(seen.duration_us, 0)", _KNOWN, is_ratio=True),
    # A percentile is no sum. It moves with the share of requests that are slower than it was in the baseline.
    ExplainedMeasure(
        "p95", "the p95 latency", "ifNull(seen.duration_us, 0) > {threshold:Float64}", _KNOWN, is_ratio=True
    ),
    ExplainedMeasure("requests", "requests", "1", "1", is_ratio=False),
)


def explained_measure(name: str) -> ExplainedMeasure:
    """The measure of that name. Raises InvalidQuestion."""
    found = next((measure for measure in MEASURES if measure.name == name), None)
    if found is None:
        names = ", ".join(measure.name for measure in MEASURES)
        raise InvalidQuestion(f"The change of {name!r} cannot be explained; choose one of {names}.")
    return found
