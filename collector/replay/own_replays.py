"""Which replays this data directory has begun: others on the same server have theirs under way."""

from pathlib import Path

from storage.durable import sync_directory


class OwnReplays:
    """A file for each replay that is not done, in a directory of their own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def __contains__(self, replay_id: str) -> bool:
        return (self._directory / replay_id).exists()

    def begin(self, replay_id: str) -> None:
        """Note it, durably. Raises OSError."""
        (self._directory / replay_id).touch()
        sync_directory(self._directory)

    def end(self, replay_id: str) -> None:
        """Forget it, where it is noted."""
        (self._directory / replay_id).unlink(missing_ok=True)


class EveryReplay:
    """Those of the only process on its database: all that there are."""

    def __contains__(self, replay_id: str) -> bool:
        return True

    def begin(self, replay_id: str) -> None: ...

    def end(self, replay_id: str) -> None: ...
