"""The list of pages."""

from collections.abc import Callable

from dashboards.page import Page
from dashboards.pages import annotations, explain, logs, mesh, settings, slos
from dashboards.pages.alerts import page as alerts
from dashboards.pages.apis import page as apis
from dashboards.pages.consumers import page as consumers
from dashboards.pages.custom import page as custom
from dashboards.pages.gateways import page as gateways
from dashboards.pages.ingest import page as ingest
from dashboards.pages.overview import page as overview
from dashboards.pages.reports import page as reports
from dashboards.pages.requests import page as requests
from dashboards.pages.sql import page as sql
from dashboards.pages.traces import page as traces
from dashboards.pages.what_if import page as what_if
from dashboards.parts import PageParts

# In the order of the navigation; each makes its page with what pages are made with.
PAGES: tuple[Callable[[PageParts], Page], ...] = (
    overview.page,
    apis.page,
    gateways.page,
    mesh.page,
    consumers.page,
    custom.page,
    requests.page,
    traces.page,
    logs.page,
    explain.page,
    what_if.page,
    sql.page,
    alerts.page,
    slos.page,
    reports.page,
    annotations.page,
    ingest.page,
    settings.page,
)
