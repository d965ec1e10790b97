"""Ctrl+K: pages, saved views, APIs, consumers and gateways by a part of their names."""

from typing import TYPE_CHECKING, Any

from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.query.filters import Filter, Operator
from storage.errors import GatelensError

if TYPE_CHECKING:
    from dashboards.site.pages import Site

_MOST = 8
# What is looked for besides pages: dimension, as it is called, and the page that shows one.
_KINDS = (("api", "API", "/apis"), ("consumer", "Consumer", "/consumers"), ("gateway", "Gateway", "/gateways"))


def search(site: "Site", view: View, text: str) -> list[dict[str, Any]]:
    """Label, kind and address of what is found, pages first; all pages for ''. Names are those of the view's range."""
    text = text.strip().lower()
    plain = view.but(filters=())
    found = [
        {"label": page.name, "kind": page.group.value, "href": plain.to(page.path).href()}
        for page in site.pages
        if text in page.name.lower()
    ]
    found += _saved(site, text)
    if not text:
        return found
    context = PageContext(plain, site.clock())
    escaped = "".join(f"\\{letter}" if letter in r"\.+*?()[]{}|^$" else letter for letter in text)
    try:
        asked = [
            context.question(
                "requests",
                by=(dimension,),
                limit=_MOST,
                filters=(Filter(dimension, Operator.REGEX, (f"(?i){escaped}",)),),
            )
            for dimension, _, _ in _KINDS
        ]
        answers = site.questions.ask_all(asked)
    except GatelensError:
        return found
    for (dimension, kind, path), answer in zip(_KINDS, answers, strict=True):
        names = [str(name) for name in answer.frame[dimension] if str(name)]
        found += [{"label": name, "kind": kind, "href": plain.to(path, name).href()} for name in names]
    return found


def _saved(site: "Site", text: str) -> list[dict[str, Any]]:
    """Saved views, whose address is all theirs."""
    try:
        named = [view for view in site.saved_views() if text in view.name.lower()]
    except GatelensError:
        return []
    return [{"label": one.name, "kind": "Saved view", "href": f"{one.path}{one.query}"} for one in named[:_MOST]]
