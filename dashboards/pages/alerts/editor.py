"""The editor of a rule: its form, and next to it what the rule would have done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml
from dash import html
from dash.development.base_component import Component

from dashboards.components.notice import notice
from dashboards.page import Done
from dashboards.pages.alerts.backtests import Backtests
from dashboards.pages.alerts.draft import (
    DRAFT,
    definition_of,
    definition_yaml,
    fields_of_view,
    has_threshold,
)
from dashboards.pages.alerts.history_tab import history_href
from dashboards.pages.alerts.preview import draw_pages, draw_preview, preview_questions
from dashboards.pages.alerts.rule_form import rule_form
from dashboards.pages.alerts.words import NEW, PATH, RULES, condition, state_tag
from dashboards.panel import Drawing, Panel
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.alerts.engine import AlertEngine
from processors.alerts.rule_source import Origin, rule_of
from processors.alerts.rules.rule import Rule
from processors.errors import InvalidRule
from processors.query.answer import Answer
from processors.query.question import Question

Values = Mapping[str, list[str]]


@dataclass(frozen=True)
class Editor:
    """The form, the preview, and what is done with them."""

    engine: AlertEngine
    backtests: Backtests
    clock: Callable[[], datetime]

    def panels(self, view: View) -> Sequence[Panel]:
        """Of the rule that the path names, or of a new one."""
        name = rule_name(view)
        if name and self._rule(name) is None:
            return (Panel("rule", "Rule", self._drawn_missing),)
        is_read_only = self._origin(name) is Origin.FILE
        title = "Rule from the rule file" if is_read_only else "Rule"
        about = Panel("rule", title, self._drawn_file if is_read_only else self._drawn_form, span=5, height=500)
        return (
            about,
            Panel("rule-preview", "Measure and thresholds", self._preview, self._ask, span=7, is_chart=True),
            Panel("rule-pages", "Notifications it would have sent", self._pages, span=7, height=120),
        )

    def take(self, view: View, values: Values) -> View:
        """The form as the address says it."""
        fields = {name: "\n".join(given) for name, given in values.items()}
        kept = {"days": view.parameter("days"), "like": view.parameter("like")}
        return view.but(more=(), filters=()).setting(**fields, **kept, draft="yes")

    def save(self, view: View, values: Values, writer: str) -> Done:
        """Store the rule; a new name moves it."""
        sent, before = self.take(view, values), rule_name(view)
        rule = self.engine.source.put(definition_yaml(self._definition(sent)), writer, self.clock())
        if before and before != rule.name:
            self.engine.source.delete(before, writer, self.clock())
        saved = view.to(PATH, RULES, rule.name).but(filters=())
        return Done(saved.setting(days=view.parameter("days")), f"{rule.name} is saved, and evaluated from now on.")

    def switch(self, view: View, _values: Values, writer: str) -> Done:
        """Evaluate the stored rule no longer, or again."""
        name = rule_name(view)
        definition = dict(self._stored(name))
        if not definition:
            raise InvalidRule(f"{name!r} is not stored; save it first.")
        was_enabled = definition.pop("enabled", True)
        if was_enabled:
            definition["enabled"] = False
        self.engine.source.put(definition_yaml(definition), writer, self.clock())
        confirmation = f"{name} is disabled; its alerts end." if was_enabled else f"{name} is evaluated again."
        return Done(view.but(more=()), confirmation)

    def delete(self, view: View, _values: Values, writer: str) -> Done:
        name = rule_name(view)
        self.engine.source.delete(name, writer, self.clock())
        return Done(view.to(PATH, tab="rules"), f"{name} is deleted.")

    def _rule(self, name: str) -> Rule | None:
        return self.engine.source.current.written.get(name)

    def _origin(self, name: str) -> Origin:
        return self.engine.source.current.origin(name)

    def _stored(self, name: str) -> Mapping[str, Any]:
        """The definition as it is stored; {} for a rule of the file and for none."""
        found = [one.definition for one in self.engine.source.stored() if one.name == name] if name else []
        return yaml.safe_load(found[0]) if found else {}

    def _fields(self, view: View) -> dict[str, str]:
        rule = self._rule(rule_name(view))
        copied = self._rule(view.parameter("like"))
        fields = fields_of_view(view, rule or copied, self._receiver())
        if rule is None and copied is not None and not view.parameter(DRAFT):
            fields["name"] = f"{copied.name}-copy"
        return fields

    def _receiver(self) -> str:
        """The receiver of a new rule, if no route decides."""
        routing = self.engine.notifier.routing
        return "" if routing.route is not None else next(iter(routing.receivers), "")

    def _definition(self, view: View) -> dict[str, Any]:
        return definition_of(self._fields(view), self._stored(rule_name(view)))

    def _tried(self, view: View) -> Rule:
        """The rule of the form, which may have no name and no threshold yet. Raises InvalidRule."""
        definition = self._definition(view)
        if not has_threshold(self._fields(view)):
            definition |= {"threshold": 0}
        return rule_of({**definition, "alert": definition["alert"] or "new rule"})

    def _drawn_missing(self, context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        """Nothing else: what is measured for a new rule would look like it."""
        name = rule_name(context.view)
        return notice("bad", f"No rule named {name}", html.A("All rules", href=f"{PATH}?tab=rules"))

    def _drawn_form(self, context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        name = rule_name(context.view)
        status = self._status(context, name)
        form = rule_form(
            self._fields(context.view),
            tuple(self.engine.notifier.routing.receivers),
            is_stored=bool(name),
            has_route=self.engine.notifier.routing.route is not None,
        )
        return [*status, form, self._yaml(context.view)]

    def _drawn_file(self, context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        name = rule_name(context.view)
        copy = context.view.to(PATH, NEW).but(filters=()).setting(like=name).href()
        return [
            *self._status(context, name),
            notice(
                "info", "Read-only", html.P("It is defined in the rule file; change it there, or create a copy here.")
            ),
            self._yaml(context.view, is_open=True),
            html.Div(html.A("Duplicate rule", href=copy, className="control"), className="alert-actions"),
        ]

    def _status(self, context: PageContext, name: str) -> list[Component]:
        rule = self._rule(name)
        if rule is None:
            return []
        status = self.engine.status(rule)
        parts = [
            state_tag(status.state.value),
            html.Span(condition(rule)),
            html.A("History", href=history_href(context.view, name)),
        ]
        fault = [html.P(status.fault, className="form-fault")] if status.fault else []
        return [html.Div(parts, className="rule-status"), *fault]

    def _yaml(self, view: View, *, is_open: bool = False) -> Component:
        """The rule as a rule file has it."""
        text = definition_yaml({"rules": [self._definition(view)]})
        return html.Details([html.Summary("As YAML"), html.Pre(text)], className="rule-yaml", open=is_open)

    def _ask(self, context: PageContext) -> Sequence[Question]:
        return preview_questions(self._tried(context.view), context)

    def _preview(self, context: PageContext, answers: Sequence[Answer]) -> Drawing:
        fields = self._fields(context.view)
        rule = self._tried(context.view)
        return draw_preview(rule, fields, context, answers, has_threshold=has_threshold(fields))

    def _pages(self, context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        rule = self._tried(context.view)
        if rule.reads_present:
            return notice("info", "This kind of rule reads the current state and cannot be backtested")
        if not has_threshold(self._fields(context.view)):
            return notice("info", "Set a threshold to see which notifications it would have sent")
        return draw_pages(rule, definition_yaml(self._definition(context.view)), context, self.backtests, self.engine)


def rule_name(view: View) -> str:
    """The rule that the path names; '' for a new one."""
    return view.item(f"{PATH}/{RULES}")
