"""The data directory: owned by one process at a time, which leaves word where it can be reached."""

import fcntl
import json
import os
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from gatelens.data_directory.private_directory import make_private
from gatelens.errors import DataDirectoryBusy
from storage.errors import ConfigError
from storage.full_disk import disk_full, is_full

_LOCK = "lock"
_ADDRESSES = "gatelens.json"
_IDENTITY = "identity"


@dataclass(frozen=True)
class Addresses:
    """Where a running process answers."""

    pid: int
    web: str
    http: str
    grpc: str
    # host:port of Fluent Forward; empty where it is not listened for.
    forward: str = ""
    # The files of the certificates that `web` and `http` show; empty without TLS.
    web_certificate: str = ""
    http_certificate: str = ""


class DataDirectory:
    """A directory that this process owns from `acquire` to `release`."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: IO[str] | None = None

    @property
    def clickhouse(self) -> Path:
        return self.path / "clickhouse"

    @property
    def spool(self) -> Path:
        return self.path / "spool"

    @property
    def formats(self) -> Path:
        """The definitions of declared formats, which stay as long as something may be stored in them."""
        return self.path / "formats"

    @property
    def identity(self) -> str:
        """Identifies the successive processes on this directory among others on their database."""
        path = self.path / _IDENTITY
        if not path.exists():
            written = self.path / f"{_IDENTITY}.new"
            written.write_text(str(uuid.uuid4()), encoding="utf-8")
            written.rename(path)
        return path.read_text(encoding="utf-8")

    def acquire(self) -> None:
        """Take the directory; raises DataDirectoryBusy where another process has it, ConfigError where it is none."""
        try:
            make_private(self.path)
            lock = (self.path / _LOCK).open("a+")
        except OSError as error:
            if is_full(error):
                raise disk_full(self.path, error.strerror) from error
            raise ConfigError(
                f"{self.path} cannot be the data directory: {error.strerror}. "
                "Give --data a directory that this user may write to; it is made where there is none."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            running = running_process(self.path)
            who = f"Gatelens (pid {running.pid}, {running.web})" if running else "another process"
            raise DataDirectoryBusy(
                f"{self.path} is in use by {who}; stop it, or give another directory with --data."
            ) from None
        self._lock = lock

    def publish(self, addresses: Addresses) -> None:
        """Leave word for the commands that talk to this process."""
        written = self.path / f"{_ADDRESSES}.new"
        written.write_text(json.dumps(asdict(addresses)), encoding="utf-8")
        written.rename(self.path / _ADDRESSES)

    def release(self) -> None:
        """Give the directory back."""
        (self.path / _ADDRESSES).unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def running_process(path: Path) -> Addresses | None:
    """The process that owns a data directory, or None when none runs."""
    try:
        addresses = Addresses(**json.loads((path / _ADDRESSES).read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
        return None
    except PermissionError as error:
        raise ConfigError(
            f"{path} is for its owner alone; run this command as the user that runs Gatelens, as with sudo -u."
        ) from error
    try:
        os.kill(addresses.pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return addresses
    return addresses
