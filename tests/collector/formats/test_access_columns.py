"""The columns of an access record: what each format's SQL yields is what the shared layers are written for."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from collector.formats.config import TransformConfig
from collector.formats.descriptor import Format
from collector.formats.formats import FORMATS
from collector.formats.shapes import Shape
from collector.formats.shared.access import ACCESS_COLUMNS
from collector.formats.shared.layers import ACCESS
from collector.formats.transform import transform
from storage.store import Store

_CONTRACT = {column.name: column for column in ACCESS_COLUMNS}


_FORMATS = [
    pytest.param(of, id=f"{known.name}-{path}")
    for known in FORMATS
    for path, of in (("whole", known), ("fast", known.fast_path))
    if of is not None and ACCESS[-1] in of.layers
]


def _types(store: Store, known: Format, file: Path) -> dict[str, str]:
    """The columns that the format's own layers yield, and their types."""
    own = known.layers[known.layers.index(ACCESS[-1]) + 1 :]
    of = transform(replace(known, layers=own, shape=Shape("", ("*",))), "none", file, TransformConfig())
    rows = store.rows(f"DESCRIBE TABLE ({of.statement}) SETTINGS format_schema = '{of.schema}:Payload'")
    return {name: kind for name, kind, *_ in rows}


@pytest.mark.parametrize("known", _FORMATS)
def test_each_format_yields_them(store: Store, tmp_path: Path, known: Format) -> None:
    file = tmp_path / "empty.segment"
    file.write_bytes(b"")
    types = _types(store, known, file)
    assert types.keys() >= _CONTRACT.keys()
    for name, column in _CONTRACT.items():
        found = re.sub(r"LowCardinality\((.*)\)", r"\1", types[name])
        bare = re.sub(r"Nullable\((.*)\)", r"\1", found)
        assert re.sub(r"^DateTime64\(.*\)$", "DateTime64", bare) == column.type, (name, types[name])
        assert column.is_nullable or bare == found, (name, types[name])


def test_the_shared_layers_read_no_other(store: Store, tmp_path: Path) -> None:
    """With columns of these names and types alone, and no format below them, the layers can be planned."""
    only = tmp_path / "only.sql"
    columns = (
        f"CAST(defaultValueOfTypeName('{kind}'), '{kind}') AS {column.name}"
        for column in ACCESS_COLUMNS
        for kind in [_declared(column.type, is_nullable=column.is_nullable)]
    )
    only.write_text(f"SELECT {', '.join(columns)}")
    known = replace(FORMATS["envoy_json"], layers=(*ACCESS, only))
    of = transform(known, "none", tmp_path / "none", TransformConfig())
    assert len(store.rows(of.statement)) == 1


def _declared(kind: str, *, is_nullable: bool) -> str:
    whole = kind.replace("DateTime64", "DateTime64(6, \\'UTC\\')")
    return f"Nullable({whole})" if is_nullable else whole
