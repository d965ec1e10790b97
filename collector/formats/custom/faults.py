"""Faults of a definition, each with its place."""

from dataclasses import dataclass

# A longer definition is shown around the fault.
_SHOWN = 100


@dataclass(frozen=True)
class Fault:
    """What is wrong with a definition, and the index in its text where."""

    position: int
    message: str


class DefinitionFault(ValueError):
    """A definition that cannot be used, with all of its faults."""

    def __init__(self, notation: str, text: str, faults: list[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n    ".join(_shown(notation, text, fault) for fault in faults))


def _shown(notation: str, text: str, fault: Fault) -> str:
    start = max(fault.position - _SHOWN // 2, 0)
    line = text[start : start + _SHOWN].translate({9: " ", 10: " ", 13: " "})
    pointer = " " * (fault.position - start) + "^"
    return f"{notation}, column {fault.position + 1}: {fault.message}\n      {line}\n      {pointer}"
