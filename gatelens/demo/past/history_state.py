"""How far the demo's history is, in a file that others read."""

import json
from datetime import datetime
from pathlib import Path


class HistoryState:
    """Keeps `{"since": …, "stretches": …, "stretches_done": …, "lines": …}` in a file while a history is filled in."""

    def __init__(self, path: Path, stretches: int, since: datetime) -> None:
        self._path = path
        self._stretches = stretches
        self._since = since
        self.done = 0
        self.lines = 0
        self._write()

    def advance(self, stretches: int, lines: int) -> None:
        """Note how much more is stored or handed over."""
        self.done = min(self.done + stretches, self._stretches)
        self.lines += lines
        self._write()

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        state = {
            "since": self._since.isoformat(),
            "stretches": self._stretches,
            "stretches_done": self.done,
            "lines": self.lines,
        }
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(state), encoding="utf-8")
        new.replace(self._path)
