"""What an evaluation finds of one group of requests."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sample:
    """The value of one group; `group` holds the labels that keep it apart from others."""

    group: Mapping[str, str]
    value: float
    # That it is of, to be held against the rule's min_requests.
    requests: int
    # The severity that it is for, where each severity is judged by a value of its own; '' for all.
    severity: str = ""
    # What it is compared with, where that is not the threshold of the severity.
    threshold: float | None = None
    # What else there is to say of it, as annotations: what was measured, and what is usual.
    facts: Mapping[str, str] = field(default_factory=dict)
