"""Where a notification leads: to the page at the judged window, to a silence, to the runbook."""

import re
from datetime import timedelta
from urllib.parse import quote, urlencode

from processors.alerts.evaluation.state import Alert
from processors.alerts.routing.matchers import Matcher, show_matchers

# Of the page, before the judged window, so that the way into the incident is seen.
_BEFORE = timedelta(minutes=30)
_AFTER = timedelta(minutes=5)
# Labels that the pages can be narrowed to, and what their address calls them.
_NARROWING = {"environment": "environment", "gateway": "gateway", "api_version": "version"}
# What no address holds as it is: clients invent names that an annotation puts into it, and messages are marked up.
_NOT_IN_ADDRESSES = re.compile(r"[^A-Za-z0-9\-._~:/?#@!$&'*+,;=%\[\]]")


def page_link(alert: Alert, external_url: str) -> str:
    """The page of the API, or the overview, around the window that was judged; '' without an external URL."""
    if not external_url:
        return ""
    end = alert.resolved_at or (alert.window.end if alert.window is not None else alert.since)
    start = min(alert.active_at, alert.window.start if alert.window is not None else alert.active_at) - _BEFORE
    query = {"from": _shown(start), "to": _shown(end + _AFTER)}
    query |= {name: alert.labels[label] for label, name in _NARROWING.items() if alert.labels.get(label)}
    if api := alert.labels.get("api"):
        return f"{external_url}/apis?{urlencode({'api': api, **query})}"
    return f"{external_url}/?{urlencode(query)}"


def rule_link(alert: Alert, external_url: str) -> str:
    """The alert's rule on the alerts page; '' without an external URL."""
    return f"{external_url}/alerts?rule={quote(alert.rule, safe='')}" if external_url else ""


def silence_link(alert: Alert, external_url: str) -> str:
    """The form of a silence for just this alert, filled in; '' without an external URL."""
    if not external_url:
        return ""
    matchers = show_matchers(Matcher(name, "=", value) for name, value in sorted(alert.labels.items()))
    return f"{external_url}/alerts?{urlencode({'tab': 'silences', 'matchers': matchers})}"


def links(alert: Alert, external_url: str) -> list[tuple[str, str]]:
    """What there is to open, each with its name: the runbook last."""
    runbook = alert.annotations.get("runbook_url") or alert.annotations.get("runbook") or ""
    found = [
        ("Open", page_link(alert, external_url)),
        ("Silence", silence_link(alert, external_url)),
        ("Rule", rule_link(alert, external_url)),
        ("Runbook", _escaped(runbook) if runbook.startswith(("http://", "https://")) else ""),
    ]
    return [(name, url) for name, url in found if url]


def _escaped(address: str) -> str:
    return _NOT_IN_ADDRESSES.sub(lambda found: quote(found[0], safe="", errors="replace"), address)


def _shown(moment: object) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}"
