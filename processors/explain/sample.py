"""Which requests are counted where there are too many to count each: some of them, by chance, with a weight."""

from dataclasses import dataclass

from processors.explain.measures import ExplainedMeasure

# By its time and size, so that who sends much at once is sampled as everybody else is. Both have to be read of all.
_LUCK = "intHash64(toUnixTimestamp64Micro(seen.time) + seen.response_bytes)"


@dataclass(frozen=True)
class Sample:
    """Every so many-th request, and of what is rare more; 1 for every request."""

    every: int
    measure: ExplainedMeasure
    # Of requests that the numerator of a rare measure counts.
    every_event: int = 1

    @property
    def condition(self) -> str:
        """SQL over one request, `seen`: whether it is part of the sample."""
        if self.every == 1:
            return "1"
        if not self.measure.is_rare:
            return f"{_LUCK} % {self.every} = 0"
        if self.every_event == 1:
            return f"({self.measure.numerator} OR {_LUCK} % {self.every} = 0)"
        return f"{_LUCK} % if({self.measure.numerator}, {self.every_event}, {self.every}) = 0"

    @property
    def weight(self) -> str:
        """SQL: for how many requests one of the sample stands."""
        if not self.measure.is_rare:
            return str(self.every)
        return f"if({self.measure.numerator}, {self.every_event}, {self.every})"

    @property
    def events(self) -> int:
        """For how many events of the numerator one of the sample stands."""
        return self.every_event if self.measure.is_rare else self.every


def sample(measure: ExplainedMeasure, requests: int, events: int, most: int) -> Sample:
    """One of about `most` of so many requests, and of as many of the events that a rare measure counts among them."""
    return Sample(max(1, requests // most), measure, max(1, events // most))
