"""No pattern that a setting, a definition or a rule holds keeps the process busy, however it is written.

Python's `re` takes for ever for each of these. It can be stopped by nobody but by the end of its process, so each
is tried in a process of its own.
"""

import subprocess
import sys

import pytest

from tests.patience import PATIENCE

_PATTERNS = (
    "^(a+)+$",
    r"^(?:a|a|aa)+$",
    r"^(?:.*?,)+$",
    r"^(?:\w*\s?)*$",
    "^(?:a?){60}a{60}$",
    "^.*.*.*.*.*.*.*.*.*b$",
)
_PRELUDE = f"""
PATTERNS = {_PATTERNS!r}
LINES = ("a" * 60 + "!", "a" * 4000 + "!", "a," * 2000 + "!", "a " * 2000 + "!", "ab" * 2000 + "c")
"""
_USES = {
    "format": """
from collector.formats.closest import closest, reach
from collector.formats.custom.definition import FormatDefinition
from collector.formats.custom.known import known_formats
from collector.records.classify import Classifier
from collector.receivers.otlp_screen import Screen
for pattern in PATTERNS:
    regex = pattern.replace("$", " (?P<status>[0-9]+)$")
    for text in (regex, regex.removeprefix("^"), "(?i)" + regex):
        definition = FormatDefinition.model_validate({"name": "own", "regex": text, "match": {"lines": True}})
        formats = known_formats([definition])
        for line in LINES:
            assert formats.recogniser.line_format(line) == ""
            formats.recogniser.detect(line.encode())
            Classifier(formats).formats_of_texts([line, line])
            closest(line.encode(), formats, 5)
            reach(formats["own"], line)
            size = len(line).to_bytes(1, "big") if len(line) < 128 else bytes([len(line) & 127 | 128, len(line) >> 7])
            Screen(formats).may_hold_requests(b"*" + size + b"\\n" + size + line.encode())
""",
    "template": """
from collector.formats.custom.definition import FormatDefinition
from collector.formats.custom.known import known_formats
line = "$remote_addr"
for part in "abcdefghijk":
    line += ",$realip_remote_addr"
definition = FormatDefinition.model_validate({"name": "own", "nginx": line + " $status", "match": {"lines": True}})
formats = known_formats([definition])
for line in LINES:
    assert formats.recogniser.line_format(line) == ""
""",
    "multiline": """
from collector.receivers.files.config import FileSource
from collector.receivers.files.lines import Reading, cut
for pattern in PATTERNS:
    source = FileSource(include=["/var/log/a.log"], multiline=pattern)
    reading = Reading("json", "none", "", 1 << 20, multiline=source.multiline)
    for line in LINES:
        block = (line + "\\n").encode() * 3
        cut(block, reading, mid_line=False, is_full=False, settled=False, final=False)
""",
    "naming rule": """
from collector.formats.naming.rule import NamingRule
for pattern in PATTERNS:
    NamingRule(target="api", source="path", regex=f"({pattern})", when={"cluster": pattern})
""",
    "matcher": """
from processors.alerts.routing.matchers import parse_matchers
for pattern in PATTERNS:
    [matcher] = parse_matchers([f'api=~"{pattern}"'.replace("\\\\", "\\\\\\\\")])
    for line in LINES:
        matcher.matches({"api": line})
""",
    "matcher in a long text": """
from processors.alerts.routing.matchers import parse_matcher
assert parse_matcher("api=a" + " " * 1_000_000 + "b").name == "api"
""",
    "filter": """
from processors.query.filters import parse_filter
for pattern in PATTERNS:
    assert parse_filter(f"path~={pattern}").values == (pattern,)
""",
    "template of a message": """
from processors.alerts.rules.templates import render, template_faults
for text in ("{{" + " " * 100_000 + "x", "{{" * 100_000, "{{ $value " * 10_000):
    assert template_faults(text, None) == []
    assert text.startswith(render(text, {}, {}).removesuffix("…"))
""",
    "path of a request": """
from processors.routes.segments import typed
for text in ("a" + "%40.a" * 20_000 + "@", "@." * 20_000, "a@" + "." * 50_000 + " ", "1" * 50_000 + "!", "a_" * 50_000):
    typed(text)
""",
    "number of OTLP in JSON": """
from collector.errors import PayloadError
from collector.formats.otlp.json_check import check_json
body = b'{"resourceLogs":[{"resource":{"attributes":[{"key":"a","value":{"doubleValue":"%s!"}}]}}]}'
try:
    check_json("logs", body % (b"0" * 1_000_000))
except PayloadError:
    pass
else:
    raise AssertionError("It is no number.")
""",
}


@pytest.mark.parametrize("use", _USES)
def test_a_pattern_ends(use: str) -> None:
    subprocess.run([sys.executable, "-c", _PRELUDE + _USES[use]], check=True, timeout=PATIENCE)
