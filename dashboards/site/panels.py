"""The panels of a page, answered in one pass: all questions together, and each panel's failure its own."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

from dash.development.base_component import Component

from dashboards.components.notice import fault
from dashboards.components.panel_card import body_id, fault_id
from dashboards.notices.kept import since_note
from dashboards.panel import Drawing, Panel, no_questions
from dashboards.state.context import PageContext
from processors.query.answer import Answer
from processors.query.question import Question
from processors.query.questions import Questions
from storage.errors import GatelensError

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PanelAnswers:
    """Asks for panels, and draws them."""

    questions: Questions
    threads: Executor

    def regions(self, panels: Sequence[Panel], context: PageContext) -> dict[str, Any]:
        """By id, what each panel shows and what its fault is. A panel that fails keeps what it showed before."""

        def begin(panel: Panel, answers: Sequence[Answer] | GatelensError) -> "Future[dict[str, Any]]":
            return self.threads.submit(_drawn, panel, context, answers)

        # Those that ask nothing of these questions need not wait for their answers.
        begun = {panel.id: begin(panel, ()) for panel in panels if panel.questions is no_questions}
        if any(panel.is_chart for panel in panels):
            # Charts draw them once they have answers. What fails here is asked again there, and told.
            self.threads.submit(lambda: context.marks)
        waiting = [panel for panel in panels if panel.id not in begun]
        found = self.ask(waiting, context)
        begun |= {panel.id: begin(panel, found[panel.id]) for panel in waiting}
        drawn = (begun[panel.id].result() for panel in panels)
        return {name: content for regions in drawn for name, content in regions.items()}

    def ask(self, panels: Sequence[Panel], context: PageContext) -> Mapping[str, Sequence[Answer] | GatelensError]:
        """The answers of each panel by its id, or why there are none."""
        wanted: dict[str, Sequence[Question] | GatelensError] = {}
        for panel in panels:
            try:
                wanted[panel.id] = tuple(panel.questions(context))
            except GatelensError as error:
                wanted[panel.id] = error
        asked = [question for found in wanted.values() if not isinstance(found, GatelensError) for question in found]
        try:
            answers = dict(zip(asked, self.questions.ask_all(asked), strict=True)) if asked else {}
        except GatelensError:
            # One of them cannot be answered: the others are, one panel after the other.
            return {name: self._one(found) for name, found in wanted.items()}
        return {
            name: found if isinstance(found, GatelensError) else [answers[question] for question in found]
            for name, found in wanted.items()
        }

    def _one(self, wanted: Sequence[Question] | GatelensError) -> Sequence[Answer] | GatelensError:
        if isinstance(wanted, GatelensError):
            return wanted
        try:
            return self.questions.ask_all(wanted) if wanted else ()
        except GatelensError as error:
            return error


def _with_since(drawing: Drawing, context: PageContext, answers: Sequence[Answer]) -> Drawing:
    """What a panel shows, and from when on, where older requests have been deleted."""
    known = [answer.since for answer in answers if answer.since is not None]
    if not known:
        return drawing
    shown = [drawing] if drawing is None or isinstance(drawing, Component | str) else drawing
    return [*shown, since_note(context, max(known))]


def _drawn(panel: Panel, context: PageContext, answers: Sequence[Answer] | GatelensError) -> dict[str, Any]:
    if isinstance(answers, GatelensError):
        return {fault_id(panel): fault(answers)}
    try:
        return {body_id(panel): _with_since(panel.draw(context, answers), context, answers), fault_id(panel): None}
    except GatelensError as error:
        return {fault_id(panel): fault(error)}
    except Exception:
        # A fault of ours in one panel must not take the page away from somebody who looks for an outage.
        _log.exception("The panel %s could not be drawn.", panel.id)
        return {fault_id(panel): fault(GatelensError("This panel failed. The log of Gatelens says why."))}
