"""The health of the pipeline: as figures that rules can watch, and as people look at it."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from collector.spool.spool import Spool
from collector.telemetry import CollectorMetrics
from gatelens.process.ingestion import Ingestion
from processors.alerts.evaluation.sources import Signals
from processors.ingest.pipeline import Input, Pipeline
from processors.rollups.filler import RollupFiller
from storage.sql import load
from storage.store import Store


def pipeline_signals(ingestion: Ingestion, store: Store) -> Signals:
    """By the name of a signal, how it is read; shares are from 0 to 1, faults 0 or 1."""
    spool, writer, reconciler = ingestion.spool, ingestion.writer, ingestion.reconciler

    def dead_letters() -> float:
        return float(store.rows(load("processors.alerts.evaluation", "dead_letters"))[0][0])

    return {
        "lag": lambda: _lag(spool),
        "dead_letters": dead_letters,
        "ledger": lambda: float(bool(reconciler.fault)),
        "spool": lambda: spool.size / spool.capacity,
        "writer": lambda: float(bool(writer.failing)),
    }


def pipeline_of(
    ingestion: Ingestion, metrics: CollectorMetrics, filler: RollupFiller, file_faults: Sequence[str]
) -> Pipeline:
    """How it stands now."""
    spool, writer, reconciler = ingestion.spool, ingestion.writer, ingestion.reconciler
    return Pipeline(
        [
            Input(
                one.receiver,
                one.format,
                one.payloads_per_second,
                one.bytes_per_second,
                datetime.fromtimestamp(one.last, UTC),
            )
            for one in metrics.arrivals.recent()
        ],
        metrics.refusals.recent(),
        _lag(spool),
        spool.size,
        spool.capacity,
        spool.backlog,
        writer.failing,
        reconciler.fault,
        writer.quarantine_fault,
        filler.fault,
        dict(filler.waiting),
        file_faults,
    )


def _lag(spool: Spool) -> float:
    """How long the oldest sealed segment has waited, in seconds."""
    oldest = spool.oldest_waiting_ns()
    return max(0.0, time.time() - oldest / 1e9) if oldest else 0.0
