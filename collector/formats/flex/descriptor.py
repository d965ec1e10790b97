"""Flex Gateway's records and lines."""

from pathlib import Path

from collector.formats.descriptor import Format, JsonRecord, Record, TextLine
from collector.formats.shared.layers import PAYLOADS, sql
from collector.formats.shared.literal import literal

_FOLDER = Path(__file__).parent

_KINDS = ("accessLog", "runtimeLog")
# How the lines of a panic, a trap or a stack trace go on: they have no component before them.
_NEXT_LINE = (
    # Docker and kubectl may have put a time before each.
    r"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\S* )?"
    r"(?:[ \t]+\S|Caused by:|note: run with|stack backtrace:|error while executing at|goroutine \d+ \[|panic: "
    r"|created by |\[signal |main\.|thread '|exit status \d)"
)

_COMPONENT = r"(?:flex-[a-z-]+|open-telemetry-collector)"


def _is_flex(record: Record) -> bool:
    return record.get("kind") in _KINDS or str(record.get("logger", "")).startswith("flex-")


FLEX = Format(
    "flex",
    "Flex Gateway's records and lines: messages of the Message Logging policy, runtime logs",
    (
        *sql(
            _FOLDER, "flex", "flex_judged", "flex_values", "flex_messages", "flex_lines", "flex_records", "flex_joined"
        ),
        PAYLOADS,
    ),
    becomes=("requests", "logs"),
    line=TextLine(
        r"^(?:\d\S+ )?(?:\[\d[^\]]*\] ?)?\[" + _COMPONENT + r"\] ?\["
        r"|^\d{4}-\S+\s+[A-Z]+\s+\[[^\]]*\]\s+" + _COMPONENT + r"\s+-\s",
        contains="[",
    ),
    record=JsonRecord(keys=frozenset({"kind", "logger"}), matches=_is_flex, in_text=("flex-", 'Log"')),
    is_whole_record=True,
    first_line=rf"(?!{_NEXT_LINE})",
    next_line=_NEXT_LINE,
    fragments={"next_line": literal(f"^(?:{_NEXT_LINE})")},
    untimed_line=r"\[[a-z-]+\](?! *\[\d)",
)
