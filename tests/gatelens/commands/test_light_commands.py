"""What needs no telemetry is answered without the libraries that read, store and show it."""

import json
import subprocess
import sys

import pytest

# Without pydantic, by which Typer reads the arguments.
_HEAVY = {
    "argon2",
    "chdb",
    "clickhouse_connect",
    "dash",
    "fastapi",
    "grpc",
    "httpx",
    "numpy",
    "opentelemetry",
    "pandas",
    "pyarrow",
    "yaml",
}
# In a process of its own: that of the tests has imported everything.
_COMMAND = """
import json
import sys
from gatelens.cli import app

app(sys.argv[1:], standalone_mode=False)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["version"], ["--help"], ["query", "--help"], ["formats", "--help"], ["alerts", "--help"]],
    ids=" ".join,
)
def test_nothing_heavy_is_imported(arguments: list[str]) -> None:
    finished = subprocess.run([sys.executable, "-c", _COMMAND, *arguments], check=True, capture_output=True, text=True)
    assert finished.stdout
    imported = set(json.loads(finished.stderr))
    assert "gatelens" in imported
    assert not imported & _HEAVY
