"""What a format's layers yield is inserted by position, so its columns have to stand as its shape has them."""

from pathlib import Path

import pytest

from collector.formats.config import TransformConfig
from collector.formats.custom.known import known_formats
from collector.formats.descriptor import Format
from collector.formats.transform import transform
from storage.store import Store

_FORMATS = [
    pytest.param(of, id=f"{known.name}-{path}")
    for known in known_formats()
    for path, of in (("whole", known), ("fast", known.fast_path))
    if of is not None
]


@pytest.mark.parametrize("known", _FORMATS)
def test_the_columns_stand_in_the_order_of_the_shape(store: Store, tmp_path: Path, known: Format) -> None:
    file = tmp_path / "empty.segment"
    file.write_bytes(b"")
    of = transform(known, "none", file, TransformConfig())
    rows = store.rows(f"DESCRIBE TABLE (\n{of.statement}\n) SETTINGS format_schema = '{of.schema}:Payload'")
    assert tuple(name for name, *_ in rows) == tuple(of.columns)
