"""Dead letters that are read again, in the running process."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from collector.errors import InvalidReplay as CannotBeRead
from collector.errors import ReplayUnderWay as UnderWay
from collector.formats.config import TransformConfig
from collector.formats.descriptor import Format
from collector.formats.transform import Transform, transform
from collector.replay.letters import EVER, LATER, Selection
from collector.replay.own_replays import EveryReplay, OwnReplays
from collector.replay.progress import Progress
from collector.replay.replayer import Replayer
from collector.replay.trial import Trial
from collector.spool.payload import Payload
from collector.spool.segment import PARTIAL
from gatelens.data_directory.directory import DataDirectory
from gatelens.process.ingestion import Ingestion
from gatelens.process.running_parts import RunningParts
from processors.errors import InvalidReplay, ReplayUnderWay
from processors.ingest.replays import ReplayRequest, ReplayState, Unread
from processors.lease.lease import Lease
from storage.store import Store

# The input as which the intake counts them.
_INPUT = "replay"


def start_replayer(
    parts: RunningParts,
    store: Store,
    directory: DataDirectory,
    ingestion: Ingestion,
    config: TransformConfig,
    clock: Callable[[], datetime],
    lease: Lease,
) -> "RunningReplays":
    """Start it, and end what the last stop has interrupted."""
    intake, spool = ingestion.intake, ingestion.spool

    def make_transform(known: Format, path: Path) -> Transform:
        return transform(known, _INPUT, path, config, intake.families.fragments())

    def accept(segment_id: str, payloads: Sequence[Payload]) -> None:
        ingestion.loop.run(intake.accept_segment(_INPUT, segment_id, payloads))

    own = store.apart(1)
    # What a stop leaves of the file is removed by the next start.
    trial = Trial(own, spool.directory / f"{_INPUT}{PARTIAL}", make_transform)
    begun_here = EveryReplay() if store.embedded else OwnReplays(directory.path / "replays")
    replayer = Replayer(own, spool, intake.formats, trial, accept, clock, begun_here, lambda: lease.is_held)
    replayer.start()
    parts.at_close.callback(replayer.stop)
    return RunningReplays(replayer)


class RunningReplays:
    """The collector's replays for pages and programs."""

    def __init__(self, replayer: Replayer) -> None:
        self._replayer = replayer

    @property
    def state(self) -> ReplayState | None:
        progress = self._replayer.progress
        return None if progress is None else _state(progress)

    def begin(self, request: ReplayRequest) -> ReplayState:
        selection = Selection(request.format, request.reason, request.start or EVER, request.end or LATER)
        try:
            return _state(self._replayer.begin(selection, request.read_as, is_dry=request.is_dry))
        except CannotBeRead as error:
            raise InvalidReplay(str(error)) from error
        except UnderWay as error:
            raise ReplayUnderWay(str(error)) from error


def _state(progress: Progress) -> ReplayState:
    chosen = progress.selection
    request = ReplayRequest(
        chosen.format,
        chosen.reason,
        chosen.start if chosen.start > EVER else None,
        chosen.end if chosen.end < LATER else None,
        progress.read_as,
        progress.is_dry,
    )
    return ReplayState(
        request,
        progress.started_at,
        progress.ended_at,
        progress.read,
        dict(progress.understood),
        progress.stored,
        [Unread(*reason) for reason in progress.reasons],
        progress.unreadable,
        progress.fault,
    )
