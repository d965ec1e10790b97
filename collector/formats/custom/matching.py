"""How JSON lines of a declared format are recognised: by the fields that they have, and by those that they have not."""

from collections.abc import KeysView, Sequence
from dataclasses import dataclass

from collector.formats.custom.json_fields import has, last_key
from collector.formats.descriptor import JsonRecord, Record

Alternatives = str | tuple[str, ...]


@dataclass(frozen=True)
class _AnyOf:
    """Fields, one of which a record must have: keys of its own, and paths to what is in its objects."""

    keys: frozenset[str]
    paths: tuple[str, ...]

    def is_in(self, record: Record) -> bool:
        return not self.keys.isdisjoint(record) or any(has(record, path) for path in self.paths)

    def is_among(self, keys: KeysView[str]) -> bool | None:
        """The same by the keys of a record alone; None where what is in its objects has to be looked at."""
        if not self.keys.isdisjoint(keys) or not keys.isdisjoint(self.paths):
            return True
        return None if any(_first_key(path) in keys for path in self.paths) else False


def record_by(wanted: Sequence[Alternatives], unwanted: Sequence[str] = ()) -> JsonRecord | None:
    """A record with one of each of the alternatives and none of what is unwanted; None where nothing is wanted."""
    if not wanted:
        return None
    all_of = [_any_of(fields) for fields in wanted]
    none_of = frozenset(unwanted)
    first = [wanted[0]] if isinstance(wanted[0], str) else list(wanted[0])

    def matches(record: Record) -> bool:
        return all(any_of.is_in(record) for any_of in all_of) and none_of.isdisjoint(record)

    def matches_keys(keys: KeysView[str]) -> bool | None:
        matched = [any_of.is_among(keys) for any_of in all_of]
        if False in matched or not none_of.isdisjoint(keys):
            return False
        return None if None in matched else True

    return JsonRecord(
        # It may be an object, or one key with dots.
        keys=frozenset(first) | frozenset(map(_first_key, first)),
        matches=matches,
        matches_keys=matches_keys,
        in_text=tuple(dict.fromkeys(f'{last_key(path)}"' for path in first)),
    )


def _any_of(fields: Alternatives) -> _AnyOf:
    listed = [fields] if isinstance(fields, str) else list(fields)
    paths = [path for path in listed if "." in path]
    return _AnyOf(frozenset(listed) - frozenset(paths), tuple(paths))


def _first_key(path: str) -> str:
    return path.partition(".")[0]
