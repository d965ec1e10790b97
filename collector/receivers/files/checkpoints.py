"""What survives a crash: how far each file has been read, and what was about to be handed over."""

import logging
import os
from pathlib import Path

import msgspec

from collector.receivers.files.position import Position
from storage.durable import sync_directory
from storage.errors import GatelensError

_log = logging.getLogger(__name__)

_NAME = "files.json"


class FileRecord(msgspec.Struct):
    """A file that is followed, under an id that no other content ever gets."""

    id: str
    device: int
    inode: int
    # As `escape_path` writes it.
    path: str
    format: str
    container: str
    environment: str
    gateway: str
    peer: str
    multiline: str
    max_line_size: int
    # Whether the format is that of the settings.
    is_given: bool = False
    position: Position = Position()
    # When the file had gone; it is remembered for the .gz that may be made of it.
    gone_at: float = 0
    # Since when its rest has not been found.
    sought_since: float = 0


class Part(msgspec.Struct, frozen=True):
    """A stretch of a file."""

    file: str
    start: Position
    end: Position


class Pending(msgspec.Struct, frozen=True):
    """Stretches that were about to be handed over under an id; whether they were is not known."""

    id: str
    received_at_us: int
    parts: list[Part]


class State(msgspec.Struct):
    """All of it; `begun` are the sources whose files have been looked for before."""

    version: int = 1
    begun: list[str] = []
    files: list[FileRecord] = []
    pending: Pending | None = None


class CheckpointsUnsaved(GatelensError):
    """The state could not be made durable; that of before may be the one to be loaded."""


class Checkpoints:
    """The file that holds the state; it is replaced as a whole, durably."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / _NAME

    def load(self) -> State:
        """What was saved last. A file that is damaged is moved away: all files are then new.

        A position that is damaged and can be read all the same does not fit its file, for it holds digests of what is
        before it; that file is then new.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=State)
        except FileNotFoundError:
            return State()
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            aside = self._path.with_suffix(".damaged")
            self._path.replace(aside)
            _log.error(
                "The checkpoints of files are damaged and were moved away; files are read again as new ones.",
                extra={"path": str(aside), "error": str(error)},
            )
            return State()

    def save(self, state: State) -> None:
        """Make a state the one to be loaded. Raises CheckpointsUnsaved."""
        written = self._path.with_suffix(".part")
        try:
            with written.open("wb") as file:
                file.write(msgspec.json.encode(state))
                file.flush()
                os.fsync(file.fileno())
            written.replace(self._path)
            sync_directory(self._directory)
        except OSError as error:
            raise CheckpointsUnsaved(
                f"The checkpoints of files cannot be saved: {error}. No file is read until there is room for them in "
                f"{self._directory}."
            ) from error
