"""Files of golden cases: followed, and imported."""

import gzip
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import zstandard

from collector.importer.block import Block, Labels
from collector.importer.importer import import_file
from collector.receivers.files.config import FilesConfig, FileSource
from collector.spool.config import SpoolConfig
from collector.spool.payload import Payload
from collector.spool.spool import Spool
from tests.collector.inputs.golden_cases import PEER, Case
from tests.collector.inputs.inputs import (
    ENVIRONMENT,
    Input,
    Send,
    is_found_in_a_file,
    is_found_whole,
    is_of_lines,
    is_text,
)
from tests.collector.rigs.file_rig import FileRig
from tests.collector.rigs.spooling import append
from tests.patience import PATIENCE

_PACKINGS: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip.compress, "zstd": zstandard.compress}


def _followed(is_named: bool) -> Send:
    """Files that are there, and end with a line's end as those of a gateway do."""

    def send(directory: Path, cases: Sequence[Case]) -> Spool:
        sources = []
        for name in sorted({case.format for case in cases}):
            logs = directory / "logs" / name
            logs.mkdir(parents=True)
            format_name = name if is_named else ""
            include = (f"{logs}/*",)
            sources.append(FileSource(include=include, environment=ENVIRONMENT, container="none", format=format_name))
        for case in cases:
            body = case.body()
            path = directory / "logs" / case.format / f"{case.path.stem}.log"
            path.write_bytes(body if body.endswith(b"\n") else body + b"\n")
        config = FilesConfig(poll_interval=0.05, flush_after=0.2, finish_after=0.2, host=PEER, sources=tuple(sources))
        rig = FileRig(directory, config, 1 << 30)
        rig.start()
        expected = sum(case.body().rstrip(b"\n").count(b"\n") + 1 for case in cases)
        try:
            rig.wait_for(lambda: len(rig.lines()) >= expected)
        finally:
            rig.close()
        return rig.spool

    return send


class _Blocks:
    """What `gatelens import` hands over to: here all blocks of a format become one segment, to be stored at once."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def stored(self, segment_ids: Sequence[str]) -> set[str]:
        return set()

    def send(self, block: Block) -> None:
        told = (block.format, block.body, time.time_ns() // 1000, block.environment, block.gateway, PEER)
        append(self._spool, Payload(*told)).result(PATIENCE)


def _imported(is_named: bool) -> Send:
    """Whole files, packed as rotation leaves them."""

    def send(directory: Path, cases: Sequence[Case]) -> Spool:
        spool = Spool(directory / "spool", SpoolConfig(segment_age=60))
        for number, case in enumerate(cases):
            encoding = list(_PACKINGS)[number % len(_PACKINGS)]
            path = directory / f"{case.format}-{case.path.stem}.{encoding or 'log'}"
            path.write_bytes(_PACKINGS[encoding](case.body()))
            format_name = case.format if is_named else ""
            import_file(path, _Blocks(spool), Labels(ENVIRONMENT), format_name=format_name)
        spool.close()
        return spool

    return send


FILE_INPUTS = (
    Input("files", _followed(is_named=True), is_of_lines),
    Input("files-found", _followed(is_named=False), is_found_in_a_file),
    Input("import", _imported(is_named=True), is_text),
    Input("import-found", _imported(is_named=False), is_found_whole),
)
