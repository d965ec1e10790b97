"""A store that fails on demand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.store import Store


@dataclass(frozen=True)
class Load:
    """What a load was asked for with; the schema is the name of a .proto file."""

    token: str
    schema: str
    is_roomy: bool


class FailingStore:
    """Ends its first loads with errors, and keeps what was asked of it.

    By default what was read is stored all the same, as where a view fails behind its table or an answer is lost.
    """

    def __init__(self, store: Store, errors: Iterable[Exception] = (), *, stores_first: bool = True) -> None:
        self._store = store
        self._errors = list(errors)
        self._stores_first = stores_first
        self.loads: list[Load] = []

    def load(
        self, select: str, into: str, columns: Sequence[str], token: str, format_schema: Path, *, roomy: bool = False
    ) -> None:
        self.loads.append(Load(token, format_schema.stem, roomy))
        error = self._errors.pop(0) if self._errors else None
        if error is None or self._stores_first:
            self._store.load(select, into, columns, token, format_schema, roomy=roomy)
        if error is not None:
            raise error

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)
