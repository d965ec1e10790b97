"""Usage reports over HTTP."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from dashboards.api.faults import fault_response
from processors.errors import InvalidReport
from processors.query.questions import Questions
from processors.reports.renderers import Renderer, renderer
from processors.reports.report import UsageReport, usage_report
from processors.reports.usage import FILTERS
from processors.time.period import parse_period
from storage.errors import GatelensError
from storage.faults import with_cure

_PARAMETERS = ("from", "to", "by", "format", *FILTERS)

# Of the report in the answer, for programs that do not read the file.
ROWS_HEADER = "Gatelens-Rows"
REQUESTS_HEADER = "Gatelens-Requests"


def reports_api(questions: Questions, clock: Callable[[], datetime], version: str) -> APIRouter:
    """The routes, to be included in the web server before the pages; `version` is named in the reports."""
    router = APIRouter()

    @router.get("/api/v1/reports/usage")
    def usage(
        *,
        request: Request,
        from_: Annotated[str, Query(alias="from")] = "this-month",
        to: str = "",
        by: str = "api",
        format: str = "csv",  # noqa: A002 - the name in the address
        environment: str = "",
        gateway: str = "",
        api: str = "",
        consumer: str = "",
    ) -> Response:
        try:
            _check(request)
            now = clock()
            chosen = renderer(format)
            filters = {"environment": environment, "gateway": gateway, "api": api, "consumer": consumer}
            report = usage_report(
                questions, parse_period(from_, to, now), by.split(","), filters, now=now, version=version
            )
            return _attachment(report, chosen)
        except GatelensError as error:
            return fault_response(with_cure(error))

    return router


def _check(request: Request) -> None:
    """A parameter that were passed over in silence would make a report of something else than was asked."""
    given = [name for name, _ in request.query_params.multi_items()]
    for name in given:
        if name not in _PARAMETERS:
            raise InvalidReport(f"A report has no parameter {name!r}; use any of {', '.join(_PARAMETERS)}.")
        if given.count(name) > 1:
            raise InvalidReport(f"The parameter {name!r} is given twice; give it once, as in by=api,consumer.")


def _attachment(report: UsageReport, chosen: Renderer) -> Response:
    name = f"usage_{report.window.start:%Y%m%dT%H%M}_{report.window.end:%Y%m%dT%H%M}.{chosen.name}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        ROWS_HEADER: str(len(report.rows)),
        REQUESTS_HEADER: str(report.total["requests"]),
    }
    return Response(chosen.render(report), media_type=chosen.media_type, headers=headers)
