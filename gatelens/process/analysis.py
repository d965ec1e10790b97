"""What is worked out from the tables: questions, objectives, routes, the catalogue, and the HTTP API to them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path

from fastapi import APIRouter

from dashboards.api.baselines import baselines_api
from dashboards.api.catalogue import Catalogued, catalogue_api
from dashboards.api.comparisons import comparisons_api
from dashboards.api.explain import explain_api
from dashboards.api.gateways import gateways_api
from dashboards.api.questions import questions_api
from dashboards.api.reports import reports_api
from dashboards.api.simulations import simulations_api
from dashboards.api.slos import slos_api
from gatelens import __version__
from gatelens.configuration.config import Config
from gatelens.process.catalogue_files import CatalogueFiles
from gatelens.process.running_parts import RunningParts
from processors.countries.countries import Countries
from processors.lease.lease import Lease
from processors.query.questions import Questions, store_within_limits
from processors.query.tables import HANDLED, TABLES, Table
from processors.reports.usage import report_questions
from processors.routes.decisions import RouteDecisions
from processors.routes.worker import RouteWorker
from processors.slo.objective_store import ObjectiveStore
from processors.slo.slos import SLOs
from storage.memory_budget import MemoryBudget
from storage.store import Store

# Pages, programs and reports have handles of their own, so that none waits for another.
_API_HANDLES = 2
_LIST_HANDLES = 2
_REPORT_HANDLES = 2


class Analysis:
    """Made once for a process; what it starts ends with `parts`."""

    def __init__(
        self,
        parts: RunningParts,
        store: Store,
        memory: MemoryBudget,
        config: Config,
        clock: Callable[[], datetime],
        lease: Lease,
    ) -> None:
        self._parts = parts
        self._store = store
        self._memory = memory
        self._config = config
        self._clock = clock
        self._lease = lease
        self.slos = SLOs(config.slos, ObjectiveStore(store.apart(1)))

    def store(self, handles: int) -> Store:
        """The store for what people ask, through as many handles of their own."""
        return store_within_limits(self._store, handles, self._memory.query)

    def questions(self, handles: int, tables: Sequence[Table] = TABLES) -> Questions:
        """Questions through as many handles of their own."""
        store, memory = self._store.apart(handles), self._memory.query
        questions = Questions(store, self._clock, tables=tables, max_memory=memory, side_by_side=handles)
        self._parts.at_close.callback(questions.close)
        return questions

    @cached_property
    def handled(self) -> Questions:
        """Questions about what each gateway and sidecar handled: a mesh's requests at both ends."""
        return self.questions(_API_HANDLES, HANDLED)

    @cached_property
    def catalogue_files(self) -> CatalogueFiles:
        """What says what APIs and consumers are called, followed from when this is first read. Raises ConfigError."""
        look_ups = {rule.look_up: rule.names for rule in self._config.collector.transforms.names}
        files = CatalogueFiles(
            self._config.catalogue,
            {path: names for path, names in look_ups.items() if path and names},
            self._networks(),
        )
        files.start()
        self._parts.at_close.callback(files.stop)
        return files

    def _networks(self) -> dict[Path, Callable[[], None]]:
        """What reads the file of networks. Raises StoreError."""
        countries, path = Countries(self._store.apart(1), self._clock), self._config.geoip.file
        if path is None:
            countries.forget()
            return {}
        return {path: lambda: countries.take(path)}

    @property
    def catalogued(self) -> Catalogued:
        """What the configuration says of APIs and consumers. Raises ConfigError."""
        return self.catalogue_files.catalogued

    def apis(self) -> list[APIRouter]:
        """The HTTP API to all of it."""
        store = self.store(_LIST_HANDLES)
        questions = self.questions(_API_HANDLES)
        routes = self.routes
        reports = report_questions(self._store.apart(_REPORT_HANDLES), self._clock)
        self._parts.at_close.callback(reports.close)
        return [
            questions_api(questions, self._clock),
            reports_api(reports, self._clock, __version__),
            explain_api(store, questions, self._clock),
            simulations_api(store, self._clock),
            comparisons_api(store, questions, self.handled, self._clock),
            gateways_api(self.store(_API_HANDLES), questions, self.handled, self._clock),
            slos_api(self.slos, questions, self._clock),
            baselines_api(questions, self._clock),
            catalogue_api(store, questions, self.catalogued, lambda: routes.status, self._clock),
        ]

    @cached_property
    def routes(self) -> RouteWorker:
        """Decides about the names of routes, from when this is first read."""
        catalogued = self.catalogued

        def documented() -> dict[str, tuple[str, ...]]:
            return {document.api: document.routes for document in catalogued.documents}

        decisions = RouteDecisions(self._store.apart(1), documented, self._config.catalogue.most_routes)
        worker = RouteWorker(decisions, self._clock, lambda: self._lease.is_held)
        worker.start()
        self._parts.at_close.callback(worker.stop)
        return worker
