"""What is wrong now, the rules and their editor, silences, receivers, and what was wrong before."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from dashboards.page import Done, Group, Page, Tab, TakeAction
from dashboards.pages.alerts.backtests import Backtests
from dashboards.pages.alerts.editor import Editor, rule_name
from dashboards.pages.alerts.firing import firing_panels
from dashboards.pages.alerts.history_tab import history_panels
from dashboards.pages.alerts.notices import notices_panel
from dashboards.pages.alerts.receiver_form import DELETE as DELETE_RECEIVER
from dashboards.pages.alerts.receiver_form import SAVE as SAVE_RECEIVER
from dashboards.pages.alerts.receiver_form import delete_receiver, save_receiver
from dashboards.pages.alerts.receivers_tab import receiver_panels, try_receiver
from dashboards.pages.alerts.routes_panel import FORM as TRY_LABELS
from dashboards.pages.alerts.routes_panel import try_labels
from dashboards.pages.alerts.rule_form import DELETE, FORM, SAVE, SWITCH
from dashboards.pages.alerts.rules_tab import rules_panel
from dashboards.pages.alerts.silences_tab import TAB, create_silence, expire_silence, silence_panels
from dashboards.pages.alerts.words import NEW, PATH
from dashboards.panel import Panel
from dashboards.parts import PageParts
from dashboards.state.view import View
from processors.alerts.engine import AlertEngine
from processors.alerts.routing.matchers import Matcher
from processors.alerts.routing.silences import new_silence
from processors.errors import UnknownAlert

TABS = (
    Tab("", "Firing"),
    Tab("rules", "Rules"),
    Tab(TAB, "Silences"),
    Tab("receivers", "Receivers"),
    Tab("history", "History"),
)
_HOUR = timedelta(hours=1)
Values = Mapping[str, list[str]]


def page(parts: PageParts) -> Page:
    """The tabs at /alerts, and the editor at /alerts/rules/<name> and /alerts/new."""
    engine = parts.engine
    editor = Editor(engine, Backtests(parts.questions, parts.clock), parts.clock)
    notices = notices_panel(engine)
    of_tab: Mapping[str, Sequence[Panel]] = {
        "": firing_panels(engine),
        "rules": (rules_panel(engine),),
        TAB: silence_panels(engine),
        "receivers": receiver_panels(engine),
        "history": history_panels(engine),
    }

    def panels(view: View) -> Sequence[Panel]:
        if _item(view):
            return editor.panels(view)
        return (notices, *of_tab.get(view.tab, of_tab[""]))

    actions: Mapping[str, TakeAction] = {
        "alert-silence": _silence(engine, parts.clock),
        "alert-acknowledge": _acknowledge(engine, parts.clock),
        "silence-create": create_silence(engine, parts.clock),
        "silence-expire": expire_silence(engine, parts.clock),
        "receiver-test": try_receiver(engine, parts.clock),
        SAVE_RECEIVER: save_receiver(engine, parts.clock),
        DELETE_RECEIVER: delete_receiver(engine, parts.clock),
        SAVE: editor.save,
        SWITCH: editor.switch,
        DELETE: editor.delete,
    }
    return Page(
        PATH,
        "Alerts",
        "bell",
        Group.ACT,
        panels=panels,
        has_range=False,
        tabs=lambda view: () if _item(view) else TABS,
        has_items=True,
        item_of=_item,
        forms={FORM: editor.take, TRY_LABELS: try_labels},
        actions=actions,
    )


def _item(view: View) -> str:
    """The rule that is shown; '' for the tabs."""
    return "New rule" if view.item(PATH) == NEW else rule_name(view)


def _silence(engine: AlertEngine, clock: Callable[[], datetime]) -> TakeAction:
    def act(view: View, values: Values, writer: str) -> Done:
        fingerprint, now = next(iter(values.get("of", [])), ""), clock()
        alert = next((one for one in engine.alerts() if one.fingerprint == fingerprint), None)
        if alert is None:
            raise UnknownAlert("This alert has resolved; there is nothing to silence.")
        matchers = [Matcher(name, "=", value) for name, value in sorted(alert.labels.items())]
        silence = new_silence(matchers, now, now + _HOUR, writer, "Silenced for an hour from its card")
        engine.notifier.put_silence(silence, now)
        return Done(view, f"{alert.rule} is silenced for an hour. Its card can expire the silence.")

    return act


def _acknowledge(engine: AlertEngine, clock: Callable[[], datetime]) -> TakeAction:
    def act(view: View, values: Values, writer: str) -> Done:
        fingerprint, note, owner = (next(iter(values.get(name, [])), "").strip() for name in ("of", "note", "owner"))
        alert = engine.acknowledge(fingerprint, owner or writer, note, clock())
        return Done(view, f"{alert.rule} acknowledged by {owner or 'you'}. No more notifications until it resolves.")

    return act
