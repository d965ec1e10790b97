"""Dead letters of one reason, and reading them again."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards import formats
from dashboards.components.attributes import attributes
from dashboards.components.fields import fields
from dashboards.components.icon import icon
from dashboards.components.notice import Tone, empty, notice
from dashboards.components.table import records
from dashboards.pages.ingest.sql_links import letters_of
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.ingest.records import unparsed
from processors.ingest.replays import ReplayRequest, ReplayState
from processors.query.answer import Answer

_TRY, _READ = "try", "read"


def request_of(view: View, values: Mapping[str, list[str]], now: datetime) -> ReplayRequest:
    """What the form of a view asks for: the dead letters of its range that have the chosen format and reason."""
    window = view.window(now)
    chosen, does = ("".join(values.get(name, [])[:1]) for name in ("as", "do"))
    return ReplayRequest(
        view.parameter("unparsed"), view.parameter("reason"), window.start, window.end, chosen, is_dry=does != _READ
    )


def chosen_panel(parts: PageParts, form: str) -> Panel:
    """The dead letters that the view has chosen: what they look like, and the button that reads them again."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        name, reason = context.view.parameter("unparsed"), context.view.parameter("reason")
        found = records(unparsed(parts.store, context.window, name, reason))
        if not found:
            return (empty("None left in this range"), _back(context))
        [row] = found[:1]
        about = fields(
            {
                "Unparsed": [
                    ("Format", name),
                    ("Reason", str(row["reason"])),
                    ("Records", formats.show("count", int(row["records"]))),
                    ("Senders", formats.show("count", int(row["peers"]))),
                    ("From", str(row["peer"])),
                    ("First", context.times.second(row["first_seen"])),
                    ("Last", context.times.second(row["last_seen"])),
                ],
            }
        )
        sample = html.Section(
            [html.H3("Newest"), html.Pre(str(row["sample"]), className="sample", tabIndex="0")], className="fields"
        )
        return (about, sample, _form(parts, form, name, int(row["records"])), _back(context))

    return Panel("unparsed-chosen", "Read again", draw, height=200)


def _form(parts: PageParts, form: str, name: str, count: int) -> Component:
    own = parts.configuration.format(name)
    options = [html.Option(f"{name}, as it is read now", value="")] if own and own.reads_again else []
    options += [html.Option(one.name, value=one.name) for one in parts.configuration.formats if one.is_ingestible]
    records_ = f"{formats.show('count', count)} record{'' if count == 1 else 's'}"
    return html.Form(
        [
            html.P(
                "Once a format is fixed, records it can now parse become rows at the time at which they arrived, once "
                "however often this is done. The rest stay as they are."
            ),
            html.Label(["Read as ", html.Select(options, name="as")]),
            html.Div(
                [
                    html.Button("Try, without storing", type="submit", name="do", value=_TRY, className="quiet"),
                    dmc.Button(
                        f"Read {records_} again", size="sm", leftSection=icon("refresh", 14),
                        attributes={"root": {"type": "submit", "name": "do", "value": _READ}},
                    ),
                ],
                className="form-actions",
            ),
            html.P(role="alert", className="form-fault", **attributes({"data-fault": "yes"})),
        ],
        className="replay-form",
        **attributes({"data-form": form}),
    )  # fmt: skip


def _back(context: PageContext) -> Component:
    view = context.view
    back = view.setting(unparsed="", reason="").href()
    sql = letters_of(view, view.parameter("unparsed"), view.parameter("reason"))
    return html.P([html.A("Back to all", href=back), " · ", html.A("View them in SQL", href=sql)])


def replay_panel(parts: PageParts) -> Panel:
    """How the last run goes, or went; nothing before the first."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        state = parts.replays.state
        return None if state is None else _outcome(context, state)

    return Panel("replay", "Replay", draw, bare=True)


def _outcome(context: PageContext, state: ReplayState) -> Component:
    what = " ".join(part for part in (state.request.format or "All formats", state.request.reason) if part)
    understood = sum(state.understood.values())
    left, reasons = sum(one.records for one in state.left), state.left[:5]
    does = "would be parsed" if state.request.is_dry else "parsed"
    figures = f"{formats.show('count', state.read)} read, {formats.show('count', understood)} {does}"
    if not state.request.is_dry:
        figures += f", {formats.show('count', state.stored)} stored"
    tone: Tone = "bad" if state.fault else "info" if state.is_running else "warning" if left else "good"
    title = "Reading again" if state.is_running else "Tried" if state.request.is_dry else "Read again"
    skipped = ", ".join(f"{count:,} of {name}" for name, count in state.skipped.items())
    return notice(
        tone,
        f"{title}: {what}",
        html.P(f"{figures}. {context.times.second(state.started_at)}"),
        html.Ul([html.Li(f"{formats.show('count', one.records)} × {one.reason} (as {one.format})") for one in reasons])
        if reasons
        else None,
        html.P(f"Not read, because no format is known for them: {skipped}.") if skipped else None,
        html.P(state.fault) if state.fault else None,
        identity="replay-state",
    )
