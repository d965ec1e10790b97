"""Annotations over HTTP: deployments report themselves, and charts show them."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from dashboards.access.writer import writer_of
from dashboards.api.faults import answered
from processors.annotations.annotation import Annotation, new_annotation
from processors.annotations.annotation_store import MOST, AnnotationStore
from processors.query.filters import parse_filter
from processors.time.expression import parse_window


class AnnotationBody(BaseModel):
    """What happened, by default now; `end` makes it a period."""

    model_config = ConfigDict(extra="forbid")

    text: str
    start: datetime | None = None
    end: datetime | None = None
    tags: list[str] = []
    # Texts such as `api=orders,payments`.
    filters: list[str] = []
    link: str = ""

    def annotation(self, writer: str, now: datetime) -> Annotation:
        """Raises InvalidAnnotation."""
        return new_annotation(
            self.text,
            self.start or now,
            self.end,
            tags=self.tags,
            filters=self.filters,
            link=self.link,
            author=writer,
        )


def annotations_api(store: AnnotationStore, clock: Callable[[], datetime]) -> APIRouter:
    """The routes, to be included in the web server before the pages."""
    router = APIRouter(prefix="/api/v1")

    @router.get("/annotations")
    def annotations(
        from_: Annotated[str, Query(alias="from")] = "now-7d",
        to: str = "now",
        filters: Annotated[list[str] | None, Query(alias="filter", max_length=100)] = None,
        tag: str = "",
        limit: Annotated[int, Query(ge=1, le=10_000)] = MOST,
    ) -> Response:
        def work() -> dict[str, Any]:
            wanted = tuple(parse_filter(text) for text in filters or ())
            found = store.within(parse_window(from_, to, clock()), limit)
            shown = [one for one in found if one.concerns(wanted) and (not tag or tag in one.tags)]
            return {"annotations": [annotation_json(one) for one in shown]}

        return answered(work)

    @router.post("/annotations")
    def put(body: AnnotationBody, request: Request) -> Response:
        def work() -> dict[str, Any]:
            now = clock()
            annotation = body.annotation(writer_of(request), now)
            store.save(annotation, now)
            return annotation_json(annotation)

        return answered(work)

    @router.delete("/annotations/{identity}")
    def delete(identity: str, request: Request) -> Response:
        def work() -> dict[str, Any]:
            writer_of(request)
            return annotation_json(store.delete(identity, clock()))

        return answered(work)

    return router


def annotation_json(one: Annotation) -> dict[str, Any]:
    return {
        "id": one.id,
        "start": one.start.isoformat(),
        "end": one.end.isoformat() if one.end is not None else None,
        "text": one.text,
        "tags": list(one.tags),
        "filters": [each.text() for each in one.filters],
        "link": one.link,
        "created_by": one.author,
    }
