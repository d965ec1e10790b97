"""The list of kinds. A new one is a file next to this one, and a line in the list."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Discriminator, Tag

from processors.alerts.rules.kinds.absence import AbsenceRule
from processors.alerts.rules.kinds.burn_rate import BurnRateRule
from processors.alerts.rules.kinds.certificate import CertificateRule
from processors.alerts.rules.kinds.change import ChangeRule
from processors.alerts.rules.kinds.consecutive import ConsecutiveRule
from processors.alerts.rules.kinds.pipeline import PipelineRule
from processors.alerts.rules.kinds.sql import SqlRule
from processors.alerts.rules.kinds.threshold import ThresholdRule
from processors.alerts.rules.kinds.unusual import UnusualRule
from processors.alerts.rules.rule import Rule

KINDS: Mapping[str, type[Rule]] = {
    "threshold": ThresholdRule,
    "change": ChangeRule,
    "absence": AbsenceRule,
    "burn_rate": BurnRateRule,
    "consecutive": ConsecutiveRule,
    "unusual": UnusualRule,
    "certificate": CertificateRule,
    "pipeline": PipelineRule,
    "sql": SqlRule,
}


def kind_of(rule: object) -> str:
    """The kind that a rule says, which it need not where it compares a measure with a threshold."""
    if isinstance(rule, Rule):
        return rule.kind
    return str(rule.get("kind", "threshold")) if isinstance(rule, Mapping) else "threshold"


AnyRule = Annotated[
    Annotated[ThresholdRule, Tag("threshold")]
    | Annotated[ChangeRule, Tag("change")]
    | Annotated[AbsenceRule, Tag("absence")]
    | Annotated[BurnRateRule, Tag("burn_rate")]
    | Annotated[ConsecutiveRule, Tag("consecutive")]
    | Annotated[UnusualRule, Tag("unusual")]
    | Annotated[CertificateRule, Tag("certificate")]
    | Annotated[PipelineRule, Tag("pipeline")]
    | Annotated[SqlRule, Tag("sql")],
    Discriminator(kind_of),
]
