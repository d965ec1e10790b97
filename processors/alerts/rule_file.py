"""The rule file: rules, receivers and routes, read from YAML; all faults are reported at once, each with its line."""

import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from processors.alerts.channels.receiver import Receiver
from processors.alerts.ready.packs import Pack, rules_of
from processors.alerts.references import reference_faults
from processors.alerts.routing.inhibition import DEFAULT_INHIBIT_RULES, InhibitRule
from processors.alerts.routing.route import Route
from processors.alerts.routing.routing import Routing
from processors.alerts.routing.time_intervals import NamedIntervals
from processors.alerts.rules.kinds.kinds import KINDS, AnyRule
from processors.alerts.rules.rule import Rule
from processors.field_faults import Fault, field_complaint
from processors.time.durations import Duration
from processors.yaml_lines import Document, parse_document
from storage.errors import ConfigError


class RuleFile(BaseModel):
    """A whole rule file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[AnyRule, ...] = ()
    # Packs of ready rules; one of the file with the same name takes the place of a ready one.
    ready: tuple[Pack, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    # Who is notified of alerts whose rule names no receiver.
    route: Route | None = None
    inhibit_rules: tuple[InhibitRule, ...] = DEFAULT_INHIBIT_RULES
    time_intervals: tuple[NamedIntervals, ...] = ()
    # Where people reach Gatelens' pages; links in notifications start with it.
    external_url: str = ""
    # How long telemetry may take to arrive before a minute counts as complete.
    delay: Duration = timedelta(seconds=30)

    @cached_property
    def by_name(self) -> Mapping[str, Rule]:
        """All rules that hold: those that are written, and the ready ones that are chosen."""
        written: dict[str, Rule] = {rule.name: rule for rule in self.rules}
        chosen = {rule.name: rule for pack in self.ready for rule in rules_of(pack)}
        return written | {name: rule for name, rule in chosen.items() if name not in written}

    @property
    def routing(self) -> Routing:
        return Routing(
            receivers={receiver.name: receiver for receiver in self.receivers},
            route=self.route,
            intervals={named.name: named for named in self.time_intervals},
            inhibit_rules=self.inhibit_rules,
        )


def load_rules(path: Path, environment: Mapping[str, str] = os.environ) -> RuleFile:
    """Read a rule file; raises ConfigError with every fault in it, by its line and the name of its rule or receiver."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}. Give `alerts.rules` an existing file.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text. Save it as UTF-8.") from error
    rule_file, faults = parse_rules(text, environment)
    if rule_file is None:
        raise ConfigError(f"{path} cannot be used:\n" + "\n".join(f"  - {fault}" for fault in faults))
    return rule_file


def parse_rules(text: str, environment: Mapping[str, str] = os.environ) -> tuple[RuleFile | None, list[Fault]]:
    """The rule file of a text, or every fault of it in the order of their lines."""
    try:
        document = parse_document(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        # Without the text of the line, which may be a webhook's address.
        return None, [Fault(line, f"this is not YAML: {getattr(error, 'problem', error)}; correct that line")]
    if not isinstance(document.value, dict | None):
        kind = type(document.value).__name__
        return None, [Fault(1, f"the file holds a {kind}; write the keys `rules:` and `receivers:`")]
    given: dict[str, Any] = document.value or {}
    faults = [Fault(line, f"{key!r} is written twice; keep one") for line, key in document.repeated_keys()]
    faults += [Fault(document.line(place), message) for place, message in reference_faults(given)]
    try:
        rule_file = RuleFile.model_validate(given, context={"environment": environment})
    except ValidationError as error:
        # The input is left out: it may be a webhook's address.
        details = error.errors(include_url=False, include_input=False)
        faults += [_fault(document, detail) for detail in details]
    return (None, sorted(faults)) if faults else (rule_file, [])


def _fault(document: Document, detail: ErrorDetails) -> Fault:
    """One fault of pydantic's as '<rule>: <key>: <what> <cure>'."""
    section, *rest = detail["loc"] or ("",)
    where = [str(section)]
    root: type[BaseModel] = RuleFile
    if rest and section in ("rules", "receivers") and isinstance(rest[0], int):
        entry = document.value[section][rest[0]]
        name = (entry.get("name") or entry.get("alert")) if isinstance(entry, dict) else None
        kind = str(section).removesuffix("s")
        where = [f"{kind} {name!r}" if isinstance(name, str) else f"{kind} number {rest[0] + 1}"]
        rest = rest[1:]
        if section == "rules":
            root, rest = _without_kind(rest)
    where += [str(part) for part in rest]
    place = (*detail["loc"][:2], *rest)
    return Fault(document.line(place), f"{': '.join(where)}: {complaint(detail, root, rest)}")


def _without_kind(rest: list[str | int]) -> tuple[type[BaseModel], list[str | int]]:
    """The model of a rule's kind, and the location in it."""
    if rest and rest[0] in KINDS:
        return KINDS[str(rest[0])], rest[1:]
    return KINDS["threshold"], rest


def complaint(detail: ErrorDetails, root: type[BaseModel], location: Sequence[str | int]) -> str:
    """What is wrong, and the cure; `location` is within `root`."""
    if detail["type"] == "union_tag_invalid":
        return f"kind: {detail['ctx']['tag']!r} is no kind of rule; use one of {', '.join(KINDS)}"
    return field_complaint(detail, root, location if root is not RuleFile else detail["loc"])
