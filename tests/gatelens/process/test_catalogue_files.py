"""Files of the catalogue: a change counts without a restart, a bad one does not, and that is told."""

from collections.abc import Callable
from pathlib import Path

import pytest

from collector.formats.naming.look_up import LookUp
from gatelens.process.catalogue_files import CatalogueFiles
from processors.catalogue.config import CatalogueConfig, CataloguedApi
from storage.errors import ConfigError

_DOCUMENT = "openapi: 3.1.0\ninfo: {{title: Pets, version: '1'}}\npaths:\n  /{path}: {{get: {{}}}}\n"


def test_what_has_changed_is_read_again_and_what_is_bad_is_not_used(tmp_path: Path) -> None:
    document, consumers, names = tmp_path / "pets.yaml", tmp_path / "consumers.yaml", tmp_path / "names.csv"
    document.write_text(_DOCUMENT.format(path="pets"))
    consumers.write_text("consumers: [{id: a, name: Ann}]\n")
    names.write_text("17,Orders\n")
    apis = (CataloguedApi(name="pets", document=document), CataloguedApi(name="pets-v2", document=document))
    look_up = LookUp(names)
    files = CatalogueFiles(CatalogueConfig(apis=apis, consumers=consumers), {names: look_up})
    found = files.catalogued

    def told() -> tuple[tuple[str, ...], str, dict[str, str]]:
        files.look()
        routes = {document.routes for document in found.documents}
        assert [document.api for document in found.documents] == ["pets", "pets-v2"]
        [of_both] = routes
        return of_both, found.directory.name("a"), dict(look_up.entries())

    first = (("/pets",), "Ann", {"17": "Orders"})
    assert told() == first
    document.write_text("openapi: 3.1.0\npaths: none, and much longer than it was\n")
    consumers.write_text("consumers: [{id: a, name: Ann}, {id: a, name: Anne}]\n")
    names.write_text("17 Orders as somebody wrote it\n")
    for _ in range(2):
        assert told() == first
        assert [fault.partition(" cannot be used; ")[0] for fault in files.faults] == [
            str(document), str(consumers), str(names),
        ]  # fmt: skip
    document.unlink()
    assert told() == first
    document.write_text(_DOCUMENT.format(path="animals"))
    consumers.write_text("consumers: [{id: a, name: Anne}]\n")
    names.write_text("17,Orders of the shop\n")
    assert told() == (("/animals",), "Anne", {"17": "Orders of the shop"})
    assert files.faults == []


@pytest.mark.parametrize("make", [
    lambda path: CatalogueConfig(consumers=path),
    lambda path: CatalogueConfig(apis=(CataloguedApi(name="pets", document=path),)),
])  # fmt: skip
def test_a_bad_file_stops_the_start(tmp_path: Path, make: Callable[[Path], CatalogueConfig]) -> None:
    with pytest.raises(ConfigError):
        CatalogueFiles(make(tmp_path / "missing.yaml"), {})
