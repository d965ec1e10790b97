"""A block's records by format, as `/ingest` classifies them, unwrapped from what agents and runtimes add."""

from collections.abc import Sequence
from dataclasses import dataclass

from collector.errors import PayloadError
from collector.formats.closest import closest
from collector.formats.registry import Formats
from collector.records.json_body import unframed
from collector.records.place import Part
from collector.records.unwrap import parts
from storage.untrusted_text import for_terminal

_HEAD_BYTES = 64 << 10
_SHOWN_FORMATS = 3
_SHOWN_CHARACTERS = 60


@dataclass(frozen=True)
class Sorter:
    """Sorts the blocks of a log, `name` in errors; where a `format` is named, all that it unwraps is of that."""

    name: str
    formats: Formats
    format: str = ""

    def __post_init__(self) -> None:
        """Raises PayloadError where the format is none of files."""
        known = self.formats.find(self.format)
        if self.format and (known is None or not known.is_ingestible or not known.is_text):
            names = ", ".join(self.formats.names_of_text)
            raise PayloadError(f"Format {self.format!r} cannot be read from files; use one of {names}.")

    def first(self, body: bytes) -> Sequence[Part]:
        """What is in the first block, the format of its first record first; none where it is blank.

        Raises PayloadError where nothing in it is known.
        """
        head = body[:_HEAD_BYTES]
        found = self._sorted(body, self.format)
        if b"\0" in head and not (self._sorted(head) if self.format else found):
            raise PayloadError(f"{self.name} is binary; import the text log that it was made of.")
        if not found and not body.isspace():
            raise PayloadError(self._nothing_fits(head))
        return found

    def next(self, body: bytes, main: str) -> Sequence[Part]:
        """The same of a block behind it; what is not known is of the log's `main` format."""
        return self._sorted(body, self.format) or [Part(main, body)]

    def _sorted(self, body: bytes, format_name: str = "") -> Sequence[Part]:
        # A crash leaves zeros in a log; the lines around them are whole.
        text = body.translate(None, b"\0") if b"\0" in body else body
        try:
            return [part for part in parts(unframed(text), self.formats, format_name) if part.body]
        except PayloadError as error:
            raise PayloadError(f"{self.name}: {error}") from error

    def _nothing_fits(self, head: bytes) -> str:
        message = [f"{self.name} is in no known format, judging by its first lines."]
        if near := closest(head, self.formats, _SHOWN_FORMATS):
            width = max(len(one.format) for one in near)
            message.append("Closest:")
            for one in near:
                rest = for_terminal(one.rest[:_SHOWN_CHARACTERS])
                message.append(
                    f"  {one.format:{width}}  fits line {one.line} up to column {one.column}, but not: {rest}"
                )
        message.append(
            "Name its format with --format, or declare it, as with --log-format nginx='...': docs/formats.md. "
            "`gatelens formats try` shows what becomes of its lines."
        )
        return "\n".join(message)
