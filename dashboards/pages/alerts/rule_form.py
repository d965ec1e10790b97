"""The form of a rule, with the fields of its kind."""

from collections.abc import Mapping, Sequence

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards.components.attributes import attributes
from dashboards.pages.alerts.draft import (
    OF_KIND,
    OF_TRAFFIC,
    TEXTS,
    WITHOUT_REQUESTS,
    Fields,
    recovery_field,
    severities_of,
    threshold_field,
)
from dashboards.pages.alerts.words import action, fault_place
from dashboards.site.alert_marks import tone_of
from processors.alerts.rules.kinds.pipeline import SIGNALS
from processors.alerts.rules.kinds.traffic import NUMBERS
from processors.baselines.scale import SCALES
from processors.query.measures import MEASURES

FORM, SAVE, SWITCH, DELETE = "rule-draft", "rule-save", "rule-switch", "rule-delete"

_KINDS: Mapping[str, str] = {
    "threshold": "Threshold",
    "change": "Change from an earlier period",
    "consecutive": "Threshold in consecutive periods",
    "absence": "Absence of requests",
    "burn_rate": "Error budget burn rate",
    "unusual": "Unusual for the hour of the week",
    "certificate": "Certificate expiry",
    "pipeline": "Pipeline health",
    "sql": "SQL",
}
_LABELS: Mapping[str, tuple[str, str]] = {
    "window": ("Window", "5m"),
    "against": ("Against", "previous, day, week or 6h"),
    "periods": ("Periods in a row", "3"),
    "direction": ("Where", "above, below or both"),
    "seen_within": ("Seen within", "1d"),
    "objective": ("Objective", "99.9%"),
    "by": ("Group by", "environment, api"),
    "for": ("Must hold for", "2m"),
    "keep_firing_for": ("Keep firing for", "0s"),
    "min_requests": ("Minimum requests", "20"),
    "summary": ("Summary", "{{ labels.api }}: {{ value_with_unit }} fail"),
    "runbook_url": ("Runbook", "https://"),
}
_OPERATORS = (">", ">=", "<", "<=")


def rule_form(fields: Fields, receivers: Sequence[str], *, is_stored: bool, has_route: bool) -> Component:
    """Each change of it is tried at once; the buttons save, switch off or delete."""
    kind = fields.get("kind") or "threshold"
    needed = OF_KIND.get(kind, ())
    is_of_traffic = kind not in WITHOUT_REQUESTS
    return html.Form(
        [
            _text("name", fields, "Name", "orders-failing"),
            _select("kind", "Kind", kind, _KINDS),
            _select("measure", "Measure", fields.get("measure", ""), _measures(kind)) if "measure" in needed else None,
            _select("signal", "Figure", fields.get("signal", ""), {one: one for one in SIGNALS})
            if "signal" in needed
            else None,
            _lines("sql", fields, "SELECT whose last number is the value", "SELECT api, count() FROM requests …")
            if "sql" in needed
            else None,
            html.Div(
                [
                    *(_named(name, fields) for name in needed if name in _LABELS),
                    _named("for", fields),
                    _named("keep_firing_for", fields),
                    _named("min_requests", fields) if is_of_traffic else None,
                ],
                className="field-row",
            ),
            *([_named(OF_TRAFFIC[0], fields), _lines("filters", fields, "Filters, one per line", "api=orders")]
              if is_of_traffic else []),
            _thresholds(fields) if kind != "burn_rate" else None,
            _select("receiver", "Receiver", fields.get("receiver", ""), _receivers(receivers, has_route=has_route)),
            html.Details(
                [
                    html.Summary("Labels and texts"),
                    _lines("labels", fields, "Labels, one per line", "team: shop"),
                    *(_named(name, fields) for name in TEXTS if name in _LABELS),
                    _lines("description", fields, "Description", ""),
                ],
                open=bool(fields.get("labels") or fields.get("runbook_url")),
            ),
            fault_place(),
            _buttons(fields, is_stored=is_stored),
        ],
        className="filter-form rule-form",
        **attributes({"data-form": FORM, "data-live": "yes"}),
    )  # fmt: skip


def _thresholds(fields: Fields) -> Component:
    rows = [
        html.Div(
            [
                html.Span(severity, className=f"severity tone-{tone_of(severity)}"),
                _input(threshold_field(severity), fields, f"{severity} threshold", "threshold"),
                _input(recovery_field(severity), fields, f"{severity} recovery", "recovery"),
            ],
            className="threshold-row",
        )
        for severity in severities_of(fields)
    ]
    operators = {one: one for one in _OPERATORS}
    return html.Fieldset(
        [
            html.Legend("Thresholds"),
            _select("op", "Fires when the value is", fields.get("op") or ">", operators),
            *rows,
            html.P("Shares as 5 % or 0.05; times in ms. Leave a severity empty to skip it.", className="hint-text"),
        ]
    )


def _buttons(fields: Fields, *, is_stored: bool) -> Component:
    off = bool(fields.get("enabled"))
    return html.Div(
        [
            html.Button("Try it", type="submit", className="control"),
            action("Save", SAVE, "yes", kind="control primary", field=""),
            action("Switch on" if off else "Disable", SWITCH, "yes", field="") if is_stored else None,
            action("Delete", DELETE, "yes", field="") if is_stored else None,
        ],
        className="alert-actions",
    )


def _named(name: str, fields: Fields) -> Component:
    label, example = _LABELS[name]
    return _text(name, fields, label, example)


def _text(name: str, fields: Fields, label: str, example: str) -> Component:
    return html.Label([label, _input(name, fields, label, example)])


def _input(name: str, fields: Fields, label: str, example: str) -> Component:
    return dmc.TextInput(
        name=name, value=fields.get(name, ""), placeholder=example, **attributes({"aria-label": label})
    )


def _lines(name: str, fields: Fields, label: str, example: str) -> Component:
    value = fields.get(name, "")
    return html.Label(
        [label, dmc.Textarea(name=name, value=value, placeholder=example, autosize=True, minRows=2, maxRows=10)]
    )


def _select(name: str, label: str, chosen: str, choices: Mapping[str, str]) -> Component:
    known = choices if chosen in choices or not chosen else {chosen: chosen, **choices}
    options = [html.Option(text, value=value, selected=value == chosen) for value, text in known.items()]
    return html.Label([label, html.Select(options, name=name)])


def _measures(kind: str) -> Mapping[str, str]:
    return {name: f"{MEASURES[name].title} ({name})" for name in (SCALES if kind == "unusual" else NUMBERS)}


def _receivers(receivers: Sequence[str], *, has_route: bool) -> Mapping[str, str]:
    tree = {"": "Decided by routing"} if has_route or not receivers else {}
    return {**tree, **{name: name for name in receivers}}
