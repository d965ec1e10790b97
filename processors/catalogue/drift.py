"""Where traffic and an API's document disagree."""

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum

from processors.catalogue.document import Document, Operation
from processors.query.filters import Filter
from processors.query.question import Question
from processors.query.questions import Questions
from processors.routes.decisions import NOT_FOUND
from processors.routes.templates import Templates
from processors.time.window import Window

_MOST_ROWS = 5_000
# What a gateway answers by itself, and no document has to name.
_OF_GATEWAYS = frozenset({0, 401, 403, 404, 405, 429, 502, 503, 504})


class DriftKind(StrEnum):
    """In what they disagree."""

    UNDOCUMENTED_ROUTE = "undocumented_route"
    UNDOCUMENTED_METHOD = "undocumented_method"
    UNDOCUMENTED_STATUS = "undocumented_status"
    DEPRECATED_IN_USE = "deprecated_in_use"
    UNUSED_OPERATION = "unused_operation"


@dataclass(frozen=True)
class Drift:
    """One disagreement. `status` is 0 where it is about none."""

    kind: DriftKind
    route: str
    method: str
    status: int
    requests: int


def drift(questions: Questions, document: Document, window: Window) -> list[Drift]:
    """The disagreements of a window, by kind, those of most requests first. Raises StoreError."""
    filters = (Filter("api", values=(document.api,)),)
    question = Question(("requests",), window, ("route", "method", "status"), filters, limit=_MOST_ROWS)
    frame = questions.ask(question).frame
    operations: dict[str, dict[str, Operation]] = defaultdict(dict)
    for operation in document.operations:
        operations[operation.route][operation.method] = operation
    templates = Templates(document.routes)
    counted: dict[tuple[DriftKind, str, str, int], int] = defaultdict(int)
    used = set()
    for route, method, status, requests in frame[["route", "method", "status", "requests"]].itertuples(index=False):
        if route == NOT_FOUND:
            continue
        template = templates.match(route)
        called = operations[template].get(method) if template else None
        if called is not None:
            used.add((template, method))
        for kind, about in _disagreements(template, called, int(status)):
            key = (kind, template or route, method, about)
            counted[key] += int(requests)
    unused = [
        Drift(DriftKind.UNUSED_OPERATION, operation.route, operation.method, 0, 0)
        for operation in document.operations
        if (operation.route, operation.method) not in used
    ]
    found = [Drift(*key, requests) for key, requests in counted.items()]
    order = list(DriftKind)
    return sorted((*found, *unused), key=lambda one: (order.index(one.kind), -one.requests, one.route, one.method))


def _disagreements(template: str, operation: Operation | None, status: int) -> list[tuple[DriftKind, int]]:
    """What one kind of answer disagrees in, and the status that it is about."""
    is_found = status not in (404, 405)
    if not template:
        return [(DriftKind.UNDOCUMENTED_ROUTE, 0)] if is_found else []
    if operation is None:
        return [(DriftKind.UNDOCUMENTED_METHOD, 0)] if is_found else []
    found = []
    if operation.statuses and not operation.documents(status) and status not in _OF_GATEWAYS:
        found.append((DriftKind.UNDOCUMENTED_STATUS, status))
    if operation.is_deprecated:
        found.append((DriftKind.DEPRECATED_IN_USE, 0))
    return found
