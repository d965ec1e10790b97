"""uvicorn's server, without its clock of ten ticks a second."""

import asyncio
from contextlib import suppress

import uvicorn

# How often the date in answers changes.
_TICK_SECONDS = 1.0


class QuietServer(uvicorn.Server):
    """Wakes up once a second, and at once when it is to stop; must be used on one event loop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stopping = asyncio.Event()

    def end(self) -> None:
        """Take no more connections, and end when those there are have ended or a few seconds have passed."""
        self.should_exit = True
        self._stopping.set()

    async def main_loop(self) -> None:
        """Tick until it is to stop."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _TICK_SECONDS)
