"""The form of a receiver: its definition as YAML, without the secrets that there are."""

from collections.abc import Callable, Mapping
from datetime import datetime

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards.components.attributes import attributes
from dashboards.page import Done
from dashboards.pages.alerts.words import fault_place
from dashboards.state.view import View
from processors.alerts.channels.channel import CHANNELS
from processors.alerts.engine import AlertEngine
from processors.alerts.receiver_definition import KEPT, example

SAVE, DELETE = "receiver-save", "receiver-delete"
_CHANNEL, _RECEIVER = "channel", "receiver"
Values = Mapping[str, list[str]]

# Of channels whose names are not written like other words.
_NAMES = {"pagerduty": "PagerDuty"}


def receiver_form(engine: AlertEngine, view: View) -> Component:
    """Of the receiver that the address names, or of a new one with the channel that it names."""
    name = view.parameter(_RECEIVER)
    written = engine.source.receiver_definition(name) if name else ""
    channel = view.parameter(_CHANNEL)
    definition = written or example(channel if channel in CHANNELS else CHANNELS[0])
    kinds = [
        html.A(
            _NAMES.get(kind, kind.capitalize()),
            href=view.setting(**{_CHANNEL: kind, _RECEIVER: ""}).href(),
            className="choice-chip",
        )
        for kind in CHANNELS
    ]
    return html.Form(
        [
            html.P(f"Editing {name}." if written else "Start from:", className="hint-text"),
            html.P(kinds, className="suggestions"),
            html.Label(
                ["Definition", dmc.Textarea(name="definition", value=definition, minRows=8, autosize=True)],
            ),
            html.P(
                f"The same keys as a receiver in the rule file. Secrets are never shown; {KEPT} keeps the stored one.",
                className="hint-text",
            ),
            fault_place(),
            html.Button("Save receiver", type="submit", className="control primary"),
        ],
        className="filter-form wide",
        **attributes({"data-form": SAVE}),
    )


def save_receiver(engine: AlertEngine, clock: Callable[[], datetime]) -> Callable[[View, Values, str], Done]:
    def act(view: View, values: Values, writer: str) -> Done:
        definition = "\n".join(values.get("definition", []))
        receiver = engine.source.put_receiver(definition, writer, clock())
        done = view.setting(**{_CHANNEL: "", _RECEIVER: ""})
        return Done(done, f"{receiver.name} is saved; rules and routes can name it, and Test tries it.")

    return act


def delete_receiver(engine: AlertEngine, clock: Callable[[], datetime]) -> Callable[[View, Values, str], Done]:
    def act(view: View, values: Values, writer: str) -> Done:
        name = next(iter(values.get("of", [])), "")
        engine.source.delete_receiver(name, writer, clock())
        return Done(view.setting(**{_RECEIVER: ""}), f"{name} is deleted.")

    return act
