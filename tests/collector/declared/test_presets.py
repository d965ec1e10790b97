"""The presets: what each makes of the lines in tests/golden/presets/<preset>, and which lines it recognises.

To accept new rows, set GATELENS_UPDATE_GOLDEN=1, run this file, and read the difference before you commit it.
"""

import json
import os
from pathlib import Path

import pytest

from collector.formats.config import TransformConfig
from collector.formats.custom.known import OF_ANY_PROGRAM, PRESETS, known_formats, presets
from collector.formats.formats import FORMATS
from collector.formats.transform import transform
from collector.records.json_body import recognised
from collector.records.place import Part
from collector.spool.frame import encode
from collector.spool.payload import Payload
from storage.store import Store
from tests.collector.inputs.golden_cases import PEER, RECEIVED_AT, rows_of

_GOLDEN = Path(__file__).parents[2] / "golden" / "presets"
_FOLDER = Path(__file__).parents[3] / "collector" / "formats" / "presets"

_FORMATS = known_formats()
_NAMES = (*PRESETS, *OF_ANY_PROGRAM)
# Other programs write such lines too and mean something else by them, or a built-in format reads them as well.
_BY_NAME_ALONE = {
    "ingress_nginx": "combined",
    "tomcat": "common",
    "tomcat9": "common",
    "reactor_netty": "common",
}


# What they log is no request.
_OF_CONNECTIONS = frozenset({"aws_nlb", "nginx_stream"})


@pytest.mark.parametrize("name", _NAMES)
def test_rows_of_a_preset(store: Store, tmp_path: Path, name: str) -> None:
    sent, expected = _GOLDEN / name / "requests.in", _GOLDEN / name / "requests.json"
    segment, file = f"preset-{name}", tmp_path / "segment.ready"
    received_at_us = int(RECEIVED_AT.timestamp() * 1_000_000)
    file.write_bytes(encode(Payload(name, sent.read_bytes(), received_at_us, "golden", peer=PEER)))

    made = transform(_FORMATS[name], segment, file, TransformConfig())
    store.load(made.statement, made.table, made.columns, segment, made.schema)

    rows = rows_of(store, segment)
    if os.environ.get("GATELENS_UPDATE_GOLDEN"):
        expected.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    assert rows == [json.loads(line) for line in expected.read_bytes().splitlines()]
    assert any(row["table"] == ("logs" if name in _OF_CONNECTIONS else "requests") for row in rows)


@pytest.mark.parametrize("name", _NAMES)
def test_a_preset_is_recognised_by_its_lines(name: str) -> None:
    first = (_GOLDEN / name / "requests.in").read_bytes().partition(b"\n")[0]
    assert _FORMATS.recogniser.detect(first) == _BY_NAME_ALONE.get(name, name)


@pytest.mark.parametrize("name", ["envoy_gateway", "contour", "envoy_names"])
def test_a_dialect_of_envoy_is_not_taken_for_istio(name: str) -> None:
    line = (_GOLDEN / name / "requests.in").read_bytes().partition(b"\n")[0]
    istio = (_GOLDEN.parent / "envoy_json" / "mesh.in").read_bytes().partition(b"\n")[0]
    # As Forward does, by the keys of the first record.
    assert _FORMATS.recogniser.format_of_keys(json.loads(line).keys()) == name
    assert _FORMATS.recogniser.format_of_keys(json.loads(istio).keys()) == "envoy_json"
    # As /ingest does, where a body holds both.
    assert recognised(istio + b"\n" + line + b"\n", _FORMATS) == [Part("envoy_json", istio), Part(name, line)]


def test_presets_take_no_line_of_a_built_in_format() -> None:
    checked = 0
    for path in _GOLDEN.parent.glob("*/*.in"):
        for line in path.read_bytes().split(b"\n"):
            assert _FORMATS.recogniser.detect(line) == FORMATS.recogniser.detect(line), line
            checked += 1
    assert checked > 500


def test_the_list_of_presets_is_that_of_their_files() -> None:
    assert set(_NAMES) == {path.stem for path in _FOLDER.glob("*.yaml")}
    assert all(definition.name == name and definition.summary for name, definition in presets().items())


@pytest.mark.parametrize("name", _NAMES)
def test_a_preset_cites_the_documentation_of_its_program(name: str) -> None:
    assert "# https://" in (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
