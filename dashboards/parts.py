"""What pages are made with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dashboards.api.catalogue import Catalogued
from dashboards.configuration import Configuration
from dashboards.query_queue import QueryQueue
from dashboards.settings import WebSettings
from dashboards.under_way import UnderWay
from processors.alerts.engine import AlertEngine
from processors.ingest.pipeline import Pipeline
from processors.ingest.replays import Replays
from processors.query.questions import Questions
from processors.routes.worker import RouteStatus
from processors.slo.slos import SLOs
from storage.access.shared_links import SharedLinks
from storage.store import Store


@dataclass(frozen=True)
class PageParts:
    """One for all pages; a page takes what it needs of it."""

    store: Store
    # The semantic layer; panels name their questions and never call it.
    questions: Questions
    # Those of HANDLED: what each gateway and sidecar handled, of a mesh both ends.
    handled: Questions
    # People's SQL.
    queries: QueryQueue
    engine: AlertEngine
    slos: SLOs
    # What the configuration says of APIs and consumers.
    catalogued: Catalogued
    # How the last decision about the names of routes went; None before the first.
    route_status: Callable[[], RouteStatus | None]
    # How telemetry comes in now.
    pipeline: Callable[[], Pipeline]
    replays: Replays
    clock: Callable[[], datetime]
    settings: WebSettings
    configuration: Configuration
    # What people without an account see, for the list of them.
    shared_links: SharedLinks
    # Long work behind the pages.
    under_way: UnderWay
