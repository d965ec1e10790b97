"""How telemetry comes in: who sends, what waits, what became of it, what could not be parsed, and reading it again."""

from collections.abc import Mapping, Sequence

from dashboards.page import Group, Page
from dashboards.pages.ingest.figures import figures_panel, troubles_panel
from dashboards.pages.ingest.kept import ledger_panel, rollups_panel, storage_panel
from dashboards.pages.ingest.replay import chosen_panel, replay_panel, request_of
from dashboards.pages.ingest.senders import inputs_panel, refusals_panel, senders_panel
from dashboards.pages.ingest.unparsed import doubts_panel, unparsed_panel
from dashboards.panel import Panel
from dashboards.parts import PageParts
from dashboards.state.once import Once
from dashboards.state.view import View
from processors.ingest.records import ledger

PATH = "/ingest"
REPLAY_FORM = "ingest-replay"


def page(parts: PageParts) -> Page:
    """The page."""
    chosen = chosen_panel(parts, REPLAY_FORM)
    find_ledger = Once(lambda context: ledger(parts.store, context.window))
    panels = (
        troubles_panel(parts, find_ledger),
        figures_panel(parts, find_ledger),
        replay_panel(parts),
        unparsed_panel(parts),
        inputs_panel(parts),
        senders_panel(parts),
        ledger_panel(find_ledger),
        refusals_panel(parts),
        doubts_panel(parts),
        storage_panel(parts),
        rollups_panel(parts),
    )

    def of(view: View) -> Sequence[Panel]:
        return (chosen, *panels) if view.parameter("unparsed") else panels

    def replay(view: View, values: Mapping[str, list[str]]) -> View:
        parts.replays.begin(request_of(view, values, parts.clock()))
        return view.setting(unparsed="", reason="")

    return Page(PATH, "Ingest", "database-import", Group.SYSTEM, panels=of, forms={REPLAY_FORM: replay})
