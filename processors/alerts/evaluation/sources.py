"""What rules read besides the traffic: figures of the pipeline, and statements of people."""

import json
from collections.abc import Callable, Mapping

import pandas as pd

Signals = Mapping[str, Callable[[], float]]


def no_certificates() -> pd.DataFrame:
    """Where no store is."""
    return pd.DataFrame(columns=["environment", "gateway", "certificate", "days"])


class RuleSources:
    """Made with what the process has; a signal that it has not is unknown."""

    def __init__(
        self,
        signals: Signals,
        run: Callable[[str, str], bytes],
        certificates: Callable[[], pd.DataFrame] = no_certificates,
    ) -> None:
        """`run` answers a statement of a person's in a format, within the limits of such."""
        self._signals = signals
        self._run = run
        self.certificates = certificates

    def signal(self, name: str) -> float | None:
        """A figure of the pipeline of Gatelens; None where it is not known here."""
        read = self._signals.get(name)
        return None if read is None else read()

    def select(self, sql: str) -> pd.DataFrame:
        """The answer to a statement of a person's, whole numbers as numbers. Raises StoreError."""
        answer = json.loads(self._run(sql, "json"))
        frame = pd.DataFrame(answer["data"], columns=[column["name"] for column in answer["meta"]])
        for column in answer["meta"]:
            # JSON has no room for the widest numbers, which come as texts.
            if column["type"].removeprefix("Nullable(").startswith(("Int", "UInt", "Float", "Decimal")):
                frame[column["name"]] = pd.to_numeric(frame[column["name"]])
        return frame
