"""Follows log files, and hands over what is written to them: each record once, through crashes and rotation."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from collector.errors import PayloadTooLarge
from collector.intake.intake import UNTIL_TAKEN, Intake, is_spool_full
from collector.receivers.background import BackgroundReceiver
from collector.receivers.context import ReceiverContext
from collector.receivers.files.checkpoints import Checkpoints
from collector.receivers.files.config import FilesConfig
from collector.receivers.files.faults import Faults
from collector.receivers.files.rounds import Batch, Rounds
from storage.errors import GatelensError
from storage.retry import retry_async

_log = logging.getLogger(__name__)

_RECEIVER = "files"
_RETRY_SECONDS = 1.0

Result = TypeVar("Result")


class FileReceiver:
    """Reads until it is cancelled; `state_directory` keeps how far."""

    def __init__(
        self,
        intake: Intake,
        config: FilesConfig,
        state_directory: Path,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._intake = intake
        self._config = config
        self._checkpoints = Checkpoints(state_directory)
        self._clock_ns = clock_ns
        self._failing = ""

    async def run(self) -> None:
        if not self._config.sources:
            return
        rounds: Rounds | None = None
        try:
            while True:
                try:
                    if rounds is None:
                        rounds = await _in_thread(self._begin)
                    pause = await self._round(rounds)
                except Exception as error:  # nothing may end the receiver but its being cancelled
                    self._warn(str(error) if isinstance(error, GatelensError) else f"Files are not read: {error!r}.")
                    pause = _RETRY_SECONDS
                await asyncio.sleep(pause)
        finally:
            if rounds is not None:
                rounds.close()

    def _begin(self) -> Rounds:
        return Rounds(
            self._config,
            self._checkpoints,
            Faults(partial(self._intake.refused, _RECEIVER)),
            self._clock_ns,
            self._intake.formats,
        )

    async def _round(self, rounds: Rounds) -> float:
        """One batch from the files to the spool; returns how long to wait for the next."""
        batch = await _in_thread(rounds.next)
        self._failing = ""
        if batch is None:
            return self._config.poll_interval
        await self._hand_over(batch)
        rounds.handed_over(batch)
        return 0 if rounds.is_full(batch) else self._config.poll_interval

    async def _hand_over(self, batch: Batch) -> None:
        """Wait for room for as long as it takes; nothing is read meanwhile."""
        for segment_id, payloads in batch.segments().items():
            accept = partial(self._intake.accept_segment, _RECEIVER, segment_id, payloads)
            await retry_async(accept, UNTIL_TAKEN, _lacks_room, lambda error, pause: self._warn(f"Files wait: {error}"))

    def _warn(self, message: str) -> None:
        if message != self._failing:
            _log.warning("%s", message)
        self._failing = message


def _lacks_room(error: Exception) -> bool:
    # A file waits for a larger spool too: nothing of it is lost meanwhile.
    return is_spool_full(error) or isinstance(error, PayloadTooLarge)


async def _in_thread(work: Callable[[], Result]) -> Result:
    """Run in a thread, to its end even where we are cancelled: what it works on is closed afterwards."""
    # Not a task: a closing loop cancels all tasks, but the thread would go on working.
    future = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        while not future.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([future])
        raise


def files_receiver(context: ReceiverContext) -> BackgroundReceiver:
    state = context.directory / "files"
    return BackgroundReceiver(FileReceiver(context.intake, context.config.files, state).run)
