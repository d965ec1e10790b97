"""A notification in words: the same for every channel that people read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from processors.alerts.channels.links import links
from processors.alerts.channels.notification import Notification, status_of
from processors.alerts.evaluation.state import Alert

# How many alerts are shown in full; the rest is a number.
MOST_ALERTS = 10
LONGEST_TEXT = 1_000
_BESIDE = frozenset({"alertname", "severity"})
# Annotations that have a place of their own.
_NAMED = {"cause": "Cause", "affected": "Affected", "measured": "Measured", "usual": "Usual"}
_PLACED = frozenset({"summary", "description", "value", "threshold", "runbook", "runbook_url", *_NAMED})


@dataclass(frozen=True)
class Paragraph:
    """One alert, to be laid out as a channel can."""

    # 'firing' or 'resolved'.
    status: str
    severity: str
    title: str
    summary: str
    fingerprint: str
    # Names and values: the measure against its threshold, since when, over what window, and the labels.
    facts: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]


def title(notification: Notification) -> str:
    """One line, e.g. '[FIRING:2] api-errors (environment=production)'."""
    firing = sum(alert.is_firing for alert in notification.alerts)
    state = f"FIRING:{firing}" if firing else "RESOLVED"
    name = notification.group_labels.get("alertname") or _only(notification, "alertname") or "alerts"
    rest = ", ".join(f"{key}={value}" for key, value in notification.group_labels.items() if key != "alertname")
    return _cut(f"[{state}] {name}{f' ({rest})' if rest else ''}")


def severity(notification: Notification) -> str:
    """The label `severity` of the worst alert, by the usual names; '' where none has one."""
    found = [alert.labels.get("severity", "") for alert in notification.alerts]
    return min(found, key=lambda name: _RANK.get(name, len(_RANK)), default="")


def paragraphs(notification: Notification) -> list[Paragraph]:
    """The alerts that are shown in full, firing ones first."""
    alerts = sorted(notification.alerts, key=lambda alert: not alert.is_firing)[:MOST_ALERTS]
    return [_paragraph(alert, notification.external_url) for alert in alerts]


def omitted_count(notification: Notification) -> str:
    """How many more alerts there are, e.g. 'and 12 more'; '' if all are shown."""
    more = max(len(notification.alerts) - MOST_ALERTS, 0) + notification.beyond_limit
    return f"and {more:,} more" if more else ""


def plain_text(notification: Notification) -> str:
    """All of it without any markup."""
    lines: list[str] = []
    for paragraph in paragraphs(notification):
        lines += [f"{paragraph.status.upper()}: {paragraph.title}", paragraph.summary]
        lines += [f"  {name}: {value}" for name, value in paragraph.facts]
        if (course := notification.courses.get(paragraph.fingerprint)) is not None:
            lines.append(f"  Course: {course.in_words}")
        lines += [f"  {name}: {url}" for name, url in paragraph.links]
        lines.append("")
    return "\n".join([*lines, omitted_count(notification)]).strip()


def moment_text(moment: datetime) -> str:
    """A moment as people read it, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _paragraph(alert: Alert, external_url: str) -> Paragraph:
    annotations = alert.annotations
    summary = "\n".join(filter(None, (annotations.get("summary"), annotations.get("description"))))
    return Paragraph(
        status=status_of(alert),
        severity=alert.labels.get("severity", ""),
        title=_cut(alert.labels.get("alertname", alert.rule)),
        summary=_cut(summary),
        fingerprint=alert.fingerprint,
        facts=tuple((name, _cut(value)) for name, value in _facts(alert, annotations)),
        links=tuple(links(alert, external_url)),
    )


def _facts(alert: Alert, annotations: Mapping[str, str]) -> list[tuple[str, str]]:
    facts = []
    if "value" in annotations:
        limit = annotations.get("threshold", "")
        facts.append(("Value", f"{annotations['value']}{f' (threshold {limit})' if limit else ''}"))
    facts.append(("Since", moment_text(alert.active_at)))
    if alert.resolved_at is not None:
        facts.append(("Until", moment_text(alert.resolved_at)))
    if alert.window is not None:
        facts.append(("Judged", f"{alert.window.start:%Y-%m-%d %H:%M} to {alert.window.end:%H:%M} UTC"))
    facts += [(title, annotations[name]) for name, title in _NAMED.items() if annotations.get(name)]
    facts += [(name, value) for name, value in sorted(alert.labels.items()) if name not in _BESIDE]
    return facts + [(name, value) for name, value in sorted(annotations.items()) if name not in _PLACED]


def _only(notification: Notification, label: str) -> str:
    found = {alert.labels.get(label, "") for alert in notification.alerts}
    return found.pop() if len(found) == 1 else ""


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


_RANK = {name: rank for rank, name in enumerate(("critical", "page", "error", "warning", "info"))}
