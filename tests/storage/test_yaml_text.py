import os
from pathlib import Path

import pytest
import yaml

from processors.alerts.rule_file import parse_rules
from storage.yaml_text import read_yaml, read_yaml_file

_BROKEN = ["a: 2026-13-45", f"a: {'1' * 5000}", "[" * 5000, "a: [", "a: \0", "a: !!python/object:os.system x"]


@pytest.mark.parametrize("text", _BROKEN, ids=lambda text: text[:12].replace("\0", "NUL"))
@pytest.mark.parametrize("is_long", [False, True])
def test_reading_fails_in_one_way(text: str, is_long: bool) -> None:
    with pytest.raises(yaml.YAMLError):
        read_yaml(text, is_long=is_long)


@pytest.mark.parametrize("text", _BROKEN, ids=lambda text: text[:12].replace("\0", "NUL"))
def test_a_rule_file_that_is_no_yaml_has_one_fault(text: str) -> None:
    _, faults = parse_rules(text)
    assert len(faults) == 1
    assert "this is not YAML" in faults[0].message


@pytest.mark.parametrize("is_long", [False, True])
def test_aliases_stand_for_a_bounded_amount(is_long: bool) -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20))
    for text in (bomb, "a: &a [*a]", "a: &a {b: *a}"):
        with pytest.raises(yaml.YAMLError):
            read_yaml(text, is_long=is_long)
    assert read_yaml("a: &a {b: 1}\nc: {<<: *a}\nd: [*a, *a]", is_long=is_long)["d"] == [{"b": 1}, {"b": 1}]


def test_a_file_is_read_that_ends_and_is_no_larger_than_memory_allows(tmp_path: Path) -> None:
    path, link, pipe = tmp_path / "a.yaml", tmp_path / "link", tmp_path / "pipe"
    path.write_text("a: 1")
    link.symlink_to(path)
    assert read_yaml_file(link) == {"a": 1}
    os.mkfifo(pipe)
    os.truncate(path, 65 << 20)
    for unusable, told in (
        (pipe, "no regular file"),
        (path, "more than 64 MiB"),
        (tmp_path, "directory"),
        (tmp_path / "x", "No such file"),
    ):
        with pytest.raises(OSError, match=told):
            read_yaml_file(unusable)
