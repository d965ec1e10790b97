"""Who uses the APIs: all consumers, and one with what it asks for."""

from collections.abc import Sequence

from dashboards.absent import NO_CONSUMER
from dashboards.page import Group, Page
from dashboards.pages.consumers.list import list_panels
from dashboards.pages.consumers.one_consumer import PATH, consumer_panels
from dashboards.panel import Panel
from dashboards.parts import PageParts
from dashboards.state.view import View
from processors.query.filters import Filter, Operator


def page(parts: PageParts) -> Page:
    """A list at /consumers, and one consumer at /consumers/<id>."""
    one = consumer_panels(parts)

    def panels(view: View) -> Sequence[Panel]:
        # Made each time: quotas may be set while it runs.
        return one if view.item(PATH) else list_panels(parts)

    return Page(
        PATH,
        "Consumers",
        "users",
        Group.OBSERVE,
        panels=panels,
        has_items=True,
        implied=_implied,
        is_shareable=lambda _view: True,
    )


def _implied(view: View) -> tuple[Filter, ...]:
    name = view.item(PATH)
    if name == NO_CONSUMER:
        return (Filter("consumer", Operator.ABSENT),)
    return (Filter("consumer", values=(name,)),) if name else ()
