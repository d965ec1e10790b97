"""The files that are followed: which are new, which are known under another name, which have gone."""

import logging
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Mapping

from collector.escape_path import escape_path, unescape_path
from collector.formats.formats import FORMATS
from collector.formats.registry import Formats
from collector.receivers.files.checkpoints import FileRecord, State
from collector.receivers.files.config import FilesConfig, FileSource
from collector.receivers.files.copies import Copies, copy_of, renamed
from collector.receivers.files.discovery import Found, find
from collector.receivers.files.faults import Faults
from collector.receivers.files.open_file import Key, OpenFile
from collector.receivers.files.position import Position, position_at
from collector.receivers.files.tail import Tail
from collector.records.container_path import place_of_path

_log = logging.getLogger(__name__)

# For how long a file that is not to be seen any more is remembered: it may come back, or a .gz be made of it.
_REMEMBERED_SECONDS = 7 * 24 * 3600

# For how long the rest of a file is looked for where its directory, or what is in it, cannot be read.
_SOUGHT_SECONDS = 3600


class Tracking:
    """Keeps a Tail for each file; `changed` is called when the checkpoints must be saved."""

    def __init__(
        self,
        config: FilesConfig,
        state: State,
        faults: Faults,
        clock: Callable[[], float] = time.time,
        formats: Formats = FORMATS,
    ) -> None:
        self._config = config
        self._formats = formats
        self._faults = faults
        self._clock = clock
        self._tails: dict[Key, Tail] = {}
        # Records of files that have not been found again.
        self._left = {record.id: record for record in state.files}
        self._begun = set(state.begun)
        self._copies = Copies(config.finish_after)
        self._host = config.host or socket.gethostname()
        self._keeps_gone = any(source.compressed for source in config.sources)
        self.changed = False

    @property
    def tails(self) -> list[Tail]:
        return list(self._tails.values())

    def records(self) -> list[FileRecord]:
        return [*(tail.record for tail in self._tails.values()), *self._left.values()]

    @property
    def begun(self) -> list[str]:
        return sorted(self._begun)

    def refresh(self) -> None:
        """Look at what there is now."""
        for tail in self.tails:
            with self._faults.of(tail.record.path):
                if tail.truncated:
                    self.start_over(tail)
        found = find(self._config.sources, self._faults)
        for file in self._in_order(found):
            path = escape_path(file.path)
            with self._faults.of(path):
                if file.key in self._tails:
                    self._seen_again(self._tails[file.key], file)
                else:
                    self._take_in(file)
                    self._faults.cleared(path)
        self._look_for_the_left()
        for key, tail in list(self._tails.items()):
            tail.gone = key not in found
            with self._faults.of(tail.record.path):
                if tail.finished:
                    self._let_go(tail)
        self._begin(found)

    def start_over(self, tail: Tail) -> None:
        """A file has been cut: its new content is another file, and a copy of the old may hold what was not read."""
        file = tail.file
        record = _renewed(tail.record)
        del self._tails[file.key]
        self._follow(record, file)
        # Until we know: what fails is looked for again.
        self._left[tail.record.id] = tail.record
        with self._faults.of(_rest_of(record)):
            self._finish_in_copy(tail)
            self._left.pop(tail.record.id, None)

    def close(self) -> None:
        for tail in self._tails.values():
            tail.file.close()

    def _finish_in_copy(self, tail: Tail) -> None:
        copy = copy_of(unescape_path(tail.record.path), tail.cursor, self._tails)
        if copy is None:
            return
        if tail.cursor.matches(copy):
            tail.continue_in(copy)
            self._tails[copy.key] = tail
        else:
            record = _renewed(tail.record)
            record.position = position_at(copy, copy.end())
            self._follow(record, copy)

    def _in_order(self, found: Mapping[Key, Found]) -> Iterator[Found]:
        """Those whose inode is known first, so that no other takes their record."""
        known = {(record.device, record.inode) for record in self._left.values()}
        yield from sorted(found.values(), key=lambda file: file.key not in known)

    def _take_in(self, found: Found) -> None:
        try:
            file = OpenFile(found.path, found.compressed)
        except FileNotFoundError:
            return
        try:
            if file.key in self._tails or (found.compressed and _is_fresh(file, self._clock(), self._config)):
                file.close()
                return
            record = self._known(file, escape_path(found.path))
            if record is None:
                position = self._copies.position(file, found.path, self._tails.values())
                if position is None:
                    file.close()
                    return
                if position.offset == 0 and found.source.start == "end" and _name(found.source) not in self._begun:
                    position = position_at(file, file.end())
                record = _new_record(found, position)
        except BaseException:
            file.close()
            raise
        self._follow(record, file)
        self._seen_again(self._tails[file.key], found)

    def _follow(self, record: FileRecord, file: OpenFile) -> None:
        record.device, record.inode = file.key
        record.gone_at = record.sought_since = 0
        self._left.pop(record.id, None)
        self._tails[file.key] = Tail(record, file, self._config.flush_after, self._config.finish_after, self._formats)
        self.changed = True

    def _known(self, file: OpenFile, path: str) -> FileRecord | None:
        """The record of a file that was followed before, under whatever name and inode."""
        for record in self._left.values():
            # A device may have another number after a boot.
            is_same = record.inode == file.key.inode and (record.device == file.key.device or record.path == path)
            if is_same and record.position.matches(file):
                return record
        for record in self._left.values():
            if record.position.is_certain and record.position.matches(file):
                return record
        return None

    def _look_for_the_left(self) -> None:
        """Finish files renamed or copied in the meantime; those not found are remembered for a while."""
        for record in [record for record in self._left.values() if not record.gone_at]:
            file, is_known = None, False
            with self._faults.of(_rest_of(record)):
                file = self._elsewhere(record)
                is_known = True
            if file is not None:
                self._follow(record, file)
            elif is_known or self._was_sought_for_long(record):
                self._remember(record)
            if not record.sought_since:
                self._faults.cleared(_rest_of(record))

    def _was_sought_for_long(self, record: FileRecord) -> bool:
        if not record.sought_since:
            record.sought_since = self._clock()
            self.changed = True
        return self._clock() - record.sought_since >= _SOUGHT_SECONDS

    def _elsewhere(self, record: FileRecord) -> OpenFile | None:
        path = unescape_path(record.path)
        key = Key(record.device, record.inode)
        # One that was cut is followed as another.
        if key not in self._tails and (found := renamed(path, record.position, key)):
            return found
        copy = copy_of(path, record.position, self._tails)
        if copy is not None and not record.position.matches(copy):
            record.position = position_at(copy, copy.end())
        return copy

    def _let_go(self, tail: Tail) -> None:
        still_exists = tail.file.stat().st_nlink > 0
        del self._tails[tail.file.key]
        tail.file.close()
        self._faults.cleared(tail.record.path)
        self.changed = True
        if still_exists or self._keeps_gone:
            self._remember(tail.record)

    def _remember(self, record: FileRecord) -> None:
        now = self._clock()
        record.gone_at = now
        record.sought_since = 0
        self._left[record.id] = record
        self._left = {
            key: kept
            for key, kept in self._left.items()
            if not kept.gone_at or now - kept.gone_at < _REMEMBERED_SECONDS
        }
        self.changed = True

    def _begin(self, found: Mapping[Key, Found]) -> None:
        names = {_name(source) for source in self._config.sources}
        self.changed |= not names <= self._begun
        self._begun |= names
        self._copies.keep(found)

    def _seen_again(self, tail: Tail, found: Found) -> None:
        record, source = tail.record, found.source
        path = str(found.path)
        place = place_of_path(path, str(found.path.resolve()) if found.path.is_symlink() else path)
        record.path = escape_path(found.path)
        record.environment = source.environment
        record.gateway = place.gateway or source.gateway
        record.peer = place.instance or f"{self._host}:{escape_path(found.path.absolute())}"
        record.format = source.format or record.format
        record.is_given = bool(source.format)
        record.container = record.container if source.container == "auto" else source.container
        record.multiline = source.multiline
        record.max_line_size = int(source.max_line_size)


def _new_record(found: Found, position: Position) -> FileRecord:
    source = found.source
    return FileRecord(
        id=uuid.uuid4().hex,
        device=found.key.device,
        inode=found.key.inode,
        path=escape_path(found.path),
        format=source.format,
        container=source.container,
        environment=source.environment,
        gateway=source.gateway,
        peer="",
        multiline=source.multiline,
        max_line_size=int(source.max_line_size),
        is_given=bool(source.format),
        position=position,
    )


def _renewed(record: FileRecord) -> FileRecord:
    """The same writer's next content."""
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    return FileRecord(**fields | {"id": uuid.uuid4().hex, "position": Position()})


def _rest_of(record: FileRecord) -> str:
    return f"The rest of {record.path} that was rotated"


def _is_fresh(file: OpenFile, now: float, config: FilesConfig) -> bool:
    """Whether a file may still be being packed."""
    return now - file.stat().st_mtime < config.flush_after


def _name(source: FileSource) -> str:
    return " ".join(source.include)
