"""The countries of networks in the store, for the dimension `country`."""

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from pathlib import Path

from processors.countries.networks import digest, networks
from storage.sql import load
from storage.store import Store

_COLUMNS = ("network", "country", "file", "loaded_at")
_BATCH = 50_000


class Countries:
    """Keeps in the store what a file says, or nothing where none is given."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def take(self, path: Path) -> None:
        """What the file says counts from now on, unless it does already. Raises ConfigError, StoreError.

        Of a file that breaks off nothing counts, for questions see one load as a whole.
        """
        version = digest(path)
        if self._store.rows(load("processors.countries", "loaded")) == [(version,)]:
            return
        now = self._clock()
        found = networks(path)
        batch = list(islice(found, _BATCH))
        while batch:
            following = list(islice(found, _BATCH))
            file = "" if following else version
            self._store.insert("networks", _COLUMNS, [(*one, file, now) for one in batch])
            batch = following
        self._count_from(now)

    def forget(self) -> None:
        """No address has a country any more. Raises StoreError."""
        if self._store.rows("SELECT count() FROM networks") != [(0,)]:
            self._store.command("TRUNCATE TABLE networks")
            self._store.command("SYSTEM RELOAD DICTIONARY countries")

    def _count_from(self, loaded_at: datetime) -> None:
        self._store.command("SYSTEM RELOAD DICTIONARY countries")
        self._store.command("DELETE FROM networks WHERE loaded_at < {now:DateTime64(6, 'UTC')}", {"now": loaded_at})
