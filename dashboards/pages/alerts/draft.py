"""A rule as a form: its fields as texts, and the definition that they make, which is what is stored."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from dashboards.state.view import View
from processors.alerts.rules.kinds.absence import AbsenceRule
from processors.alerts.rules.kinds.burn_rate import BurnRateRule
from processors.alerts.rules.kinds.change import ChangeRule
from processors.alerts.rules.kinds.consecutive import ConsecutiveRule
from processors.alerts.rules.kinds.pipeline import PipelineRule
from processors.alerts.rules.kinds.sql import SqlRule
from processors.alerts.rules.kinds.traffic import NUMBERS, MeasureRule, TrafficRule
from processors.alerts.rules.kinds.unusual import UnusualRule
from processors.alerts.rules.rule import Rule
from processors.query.measures import MEASURES
from processors.time.durations import show_duration

Fields = Mapping[str, str]

# In the address, what says that the fields are those of the form, where an empty one is empty.
DRAFT = "draft"

SEVERITIES = ("critical", "warning", "info")
TEXTS = ("summary", "description", "runbook_url")
_PLAIN = ("op", "for", "keep_firing_for", "min_requests", "receiver")
# What a kind needs besides.
OF_KIND: Mapping[str, tuple[str, ...]] = {
    "threshold": ("measure", "window"),
    "change": ("measure", "window", "against"),
    "consecutive": ("measure", "window", "periods"),
    "absence": ("window", "seen_within"),
    "burn_rate": ("objective",),
    "unusual": ("measure", "direction"),
    "certificate": (),
    "pipeline": ("signal",),
    "sql": ("sql", "window"),
}
OF_TRAFFIC = ("by", "filters")
# Kinds whose thresholds have a default of their own.
_NO_THRESHOLD = ("absence", "burn_rate", "unusual", "certificate")
WITHOUT_REQUESTS = ("certificate", "pipeline", "sql")
_THRESHOLD, _RECOVERY = "threshold_", "recovery_"
_PERCENT = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*%\s*")
_WHOLE = re.compile(r"\s*[-+]?\d+(?:_\d+)*\s*")
_MANAGED = {
    "name", "alert", "kind", "enabled", "threshold", "recovery", "severity", "severities", "labels", *_PLAIN,
    *OF_TRAFFIC, *(key for keys in OF_KIND.values() for key in keys),
}  # fmt: skip
# Measures whose lower values are worse.
_MORE_IS_BETTER = ("success_rate", "apdex", "successes")


def threshold_field(severity: str) -> str:
    return f"{_THRESHOLD}{severity}"


def recovery_field(severity: str) -> str:
    return f"{_RECOVERY}{severity}"


def severities_of(fields: Fields) -> tuple[str, ...]:
    """Those that the form has rows for: the usual ones and the rule's own."""
    own = (name.removeprefix(_THRESHOLD) for name in fields if name.startswith(_THRESHOLD))
    return tuple(dict.fromkeys((*SEVERITIES, *own)))


def fields_of_view(view: View, rule: Rule | None, receiver: str) -> dict[str, str]:
    """What the form holds: as it was sent, as the rule is, or for a new rule what a chart's link says."""
    if view.parameter(DRAFT):
        return {name: value for name, value in view.more if name not in (DRAFT, "days", "like")}
    if rule is not None:
        return fields_of(rule)
    measure = view.parameter("measure")
    measure = measure if measure in NUMBERS else "error_rate"
    about = next(iter(view.values_of("api")), "")
    return {
        "name": re.sub(r"[^a-z0-9]+", "-", f"{about} {measure}".lower()).strip("-"),
        "kind": "threshold",
        "measure": measure,
        "window": view.parameter("window") or "5m",
        "op": "<" if measure in _MORE_IS_BETTER else ">",
        "by": "environment, api",
        "filters": "\n".join(one.text() for one in view.filters),
        "for": "2m",
        "min_requests": "20" if MEASURES[measure].at_most_one else "1",
        "summary": "{{ labels.api }}: " + MEASURES[measure].title.lower() + " is {{ value_with_unit }}",
        "receiver": receiver,
    }


def fields_of(rule: Rule) -> dict[str, str]:
    """The form of a rule that there is."""
    fields = {
        "name": rule.name,
        "kind": rule.kind,
        "op": rule.op,
        "for": show_duration(rule.for_) if rule.for_ else "",
        "keep_firing_for": show_duration(rule.keep_firing_for) if rule.keep_firing_for else "",
        "min_requests": str(rule.min_requests),
        "receiver": rule.receiver,
        "labels": "\n".join(f"{name}: {value}" for name, value in rule.labels.items()),
        "enabled": "" if rule.enabled else "no",
        **{name: rule.annotations[name] for name in TEXTS if name in rule.annotations},
    }
    for one in rule.conditions if not isinstance(rule, BurnRateRule) else ():
        fields[threshold_field(one.severity)] = f"{one.threshold:.10g}"
        fields[recovery_field(one.severity)] = "" if one.recovery is None else f"{one.recovery:.10g}"
    if isinstance(rule, TrafficRule):
        fields |= {"by": ", ".join(rule.by), "filters": "\n".join(one.text() for one in rule.filters)}
    return fields | _of_kind(rule)


def _of_kind(rule: Rule) -> dict[str, str]:
    fields = {"window": show_duration(rule.length)}
    if isinstance(rule, MeasureRule):
        fields |= {"measure": rule.measure, "window": show_duration(rule.window_)}
    if isinstance(rule, ChangeRule):
        fields["against"] = show_duration(rule.against) if rule.against else "previous"
    if isinstance(rule, ConsecutiveRule):
        fields["periods"] = str(rule.periods)
    if isinstance(rule, AbsenceRule):
        fields["seen_within"] = show_duration(rule.seen_within)
    if isinstance(rule, BurnRateRule):
        fields["objective"] = f"{rule.objective * 100:.10g}%"
    if isinstance(rule, UnusualRule):
        fields |= {"measure": rule.measure, "direction": rule.direction or ""}
    if isinstance(rule, PipelineRule):
        fields["signal"] = rule.signal
    if isinstance(rule, SqlRule):
        fields["sql"] = rule.sql
    return fields


def definition_of(fields: Fields, before: Mapping[str, Any]) -> dict[str, Any]:
    """The rule as a rule file has it; keys of `before` that the form does not show are kept."""
    kind = fields.get("kind") or "threshold"
    made: dict[str, Any] = {"alert": fields.get("name", "").strip()}
    if kind != "threshold":
        made["kind"] = kind
    if fields.get("enabled"):
        made["enabled"] = False
    for key in (*OF_KIND.get(kind, ()), *_PLAIN):
        if text := fields.get(key, "").strip():
            made[key] = _number(text) if key in ("periods", "min_requests") else text
    if kind in WITHOUT_REQUESTS:
        made.pop("min_requests", None)
    else:
        made |= _traffic(fields)
    if kind != "burn_rate":
        made |= _thresholds(fields)
    else:
        made.pop("op", None)
    made |= _texts(fields, before)
    same_kind = before.get("kind", "threshold") == kind
    kept = {key: value for key, value in before.items() if key not in (*_MANAGED, "annotations")}
    return made | (kept if same_kind else {})


def definition_yaml(definition: Mapping[str, Any]) -> str:
    """As it is stored and exported."""
    return yaml.safe_dump(dict(definition), sort_keys=False, allow_unicode=True)


def has_threshold(fields: Fields) -> bool:
    """Whether the rule says when it is met."""
    return fields.get("kind") in _NO_THRESHOLD or any(
        value for name, value in fields.items() if name.startswith(_THRESHOLD)
    )


def _traffic(fields: Fields) -> dict[str, Any]:
    by = [name.strip() for name in fields.get("by", "").split(",") if name.strip()]
    filters = [line.strip() for line in fields.get("filters", "").splitlines() if line.strip()]
    return {**({"by": by} if by else {}), **({"filters": filters} if filters else {})}


def _thresholds(fields: Fields) -> dict[str, Any]:
    """One severity is written as `threshold`, several as `severities`."""
    levels = {}
    for severity in severities_of(fields):
        if threshold := fields.get(threshold_field(severity), "").strip():
            levels[severity] = {"threshold": _number(threshold)}
            if recovery := fields.get(recovery_field(severity), "").strip():
                levels[severity]["recovery"] = _number(recovery)
    if len(levels) != 1:
        return {"severities": levels} if levels else {}
    [(severity, level)] = levels.items()
    return {"severity": severity, **level}


def _texts(fields: Fields, before: Mapping[str, Any]) -> dict[str, Any]:
    """Labels, one a line, and annotations."""
    lines = (line.partition(":") for line in fields.get("labels", "").splitlines() if line.strip())
    labels = {name.strip(): value.strip() for name, _, value in lines}
    others = {name: text for name, text in (before.get("annotations") or {}).items() if name not in TEXTS}
    texts = {name: fields[name].strip() for name in TEXTS if fields.get(name, "").strip()}
    found = {"labels": labels, "annotations": {**texts, **others}}
    return {name: value for name, value in found.items() if value}


def _number(text: str) -> float | int | str:
    """A number, '5 %' as 0.05; what is none is left to whoever checks the rule."""
    if found := _PERCENT.fullmatch(text):
        return float(f"{float(found[1]) / 100:.10g}")
    try:
        return int(text) if _WHOLE.fullmatch(text) else float(text)
    except ValueError:
        return text
