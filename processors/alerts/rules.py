"""The rule file: rules, and the receivers that they tell, read from YAML with every fault told at once."""

import os
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from processors.alerts.durations import Duration
from processors.alerts.receivers import Receiver, Webhook
from processors.alerts.rule import Filters, Rule
from storage.errors import ConfigError

__all__ = ["Filters", "Receiver", "Rule", "RuleFile", "Webhook", "load_rules"]

# What users write in each place of the file, so that a fault can list the keys that there are.
_SECTIONS: Mapping[str, type[BaseModel]] = {
    "rules": Rule,
    "receivers": Receiver,
    "filters": Filters,
    "webhook": Webhook,
}


class RuleFile(BaseModel):
    """A whole rule file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: tuple[Rule, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    # Where people reach Gatelens' pages; links in notifications start with it.
    external_url: str = ""
    # How long telemetry may take to arrive before a minute counts as complete.
    delay: Duration = timedelta(seconds=30)


def load_rules(path: Path, environment: Mapping[str, str] = os.environ) -> RuleFile:
    """Read a rule file; raises ConfigError with every fault in it, by the name of its rule or receiver."""
    document = _read(path)
    faults = _reference_faults(document)
    try:
        rule_file = RuleFile.model_validate(document, context={"environment": environment})
    except ValidationError as error:
        # The input is left out: it may be a webhook's address.
        details = error.errors(include_url=False, include_input=False)
        faults = [_fault(document, detail) for detail in details] + faults
    if faults:
        raise ConfigError(f"{path} cannot be used:\n" + "\n".join(f"  - {fault}" for fault in faults))
    return rule_file


def _read(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}. Give `alerts.rules` an existing file.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text. Save it as UTF-8.") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else "?"
        # Without the text of the line, which may be a webhook's address.
        raise ConfigError(f"{path} is not YAML: {error.problem}, in line {line}. Correct that line.") from None
    if not isinstance(document, dict | None):
        raise ConfigError(f"{path} holds a {type(document).__name__}. Write the keys `rules:` and `receivers:`.")
    return document or {}


def _reference_faults(document: Mapping[str, Any]) -> list[str]:
    """Names that are used twice, and receivers that nobody is; of a document that may be faulty."""
    rules, receivers = _named(document, "rules"), _named(document, "receivers")
    faults = [
        f"{kind} {name!r}: {count} {kind}s have this name; give each its own"
        for kind, entries in (("rule", rules), ("receiver", receivers))
        for name, count in Counter(str(entry["name"]) for entry in entries).items()
        if count > 1
    ]
    known = sorted({str(receiver["name"]) for receiver in receivers})
    return faults + [
        f"rule {rule['name']!r}: receiver: {rule['receiver']!r} is no receiver;"
        f" use one of {', '.join(known) or 'those that you add under receivers:'}"
        for rule in rules
        if isinstance(rule.get("receiver"), str) and rule["receiver"] not in known
    ]


def _named(document: Mapping[str, Any], section: str) -> list[dict[str, Any]]:
    entries = document.get(section)
    if not isinstance(entries, list):
        return []
    return [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("name"), str)]


def _fault(document: Mapping[str, Any], detail: ErrorDetails) -> str:
    """One fault of pydantic's as '<rule>: <key>: <what> <cure>'."""
    section, *rest = detail["loc"]
    where = [str(section)]
    if rest and section in ("rules", "receivers") and isinstance(rest[0], int):
        entry = document[section][rest[0]]
        name = entry.get("name") if isinstance(entry, dict) else None
        kind = str(section).removesuffix("s")
        where = [f"{kind} {name!r}" if isinstance(name, str) else f"{kind} number {rest[0] + 1}"]
        rest = rest[1:]
    where += [str(part) for part in rest]
    return f"{': '.join(where)}: {_complaint(detail)}"


def _complaint(detail: ErrorDetails) -> str:
    if detail["type"] == "missing":
        return "is missing; add it"
    if detail["type"] == "extra_forbidden":
        return f"is no key here; the keys are {', '.join(_keys_at(detail['loc']))}"
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    return f"{detail['msg'][:1].lower()}{detail['msg'][1:]}"


def _keys_at(location: tuple[str | int, ...]) -> list[str]:
    """The keys of the innermost section that a location is in."""
    sections = [part for part in location[:-1] if isinstance(part, str)]
    model = _SECTIONS[sections[-1]] if sections else RuleFile
    return [field.alias or name for name, field in model.model_fields.items()]
