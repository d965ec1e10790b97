"""`gatelens names`: which rule named what."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.errors import ConfigError
from tests.gatelens.commands.formats_rig import own_process, printed

_LINE = '198.51.100.7 - {} [10/Oct/2026:13:55:36 -0700] "GET {} HTTP/1.1" 200 2326 "-" "curl/8.5.0"\n'
_RULES = """
collector:
  transforms:
    names:
      - {target: api, source: path, prefixes: {/orders: Orders}}
      - {target: environment, source: file, regex: '.*/(access).log'}
      - {target: consumer, source: consumer, values: {frank: Frank Inc.}}
      - {target: gateway, source: tag, regex: 'nginx\\.(.*)'}
"""

Try = Callable[..., str]


@pytest.fixture(scope="module")
def tried() -> Iterator[Try]:
    with own_process("names") as run:
        yield lambda *arguments: run("try", *arguments)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    file = tmp_path / "gatelens.yaml"
    file.write_text(_RULES)
    return file


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "access.log"
    file.write_text(_LINE.format("frank", "/orders/1") * 3 + _LINE.format("-", "/pay/1") + "no line of it\n")
    return file


def _shown(text: str) -> list[list[str]]:
    """The words of each line, names with spaces apart by two of them."""
    return [[word for word in line.split("  ") if word.strip()] for line in text.splitlines()[1:]]


def test_what_a_rule_named_is_shown_with_it(log: Path, rules: Path, tried: Try) -> None:
    told = tried(str(log), "--config", str(rules))
    assert told.splitlines()[0] == f"{log}: combined, 4 records"
    shown = [[word.strip() for word in words] for words in _shown(told)]
    assert ["environment", "access", "4", "rule 2: environment from file"] in shown
    assert ["api", "Orders", "3", "rule 1: api from path"] in shown
    assert ["pay", "1", "no rule"] in shown
    assert ["consumer", "Frank Inc.", "3", "rule 3: consumer from consumer"] in shown
    assert ["(none)", "1"] in shown
    assert ["no record was named by rule 4"] in shown


def test_a_tag_is_given(log: Path, rules: Path, tried: Try) -> None:
    told = tried(str(log), "--tag", "nginx.edge", "--config", str(rules))
    assert ["gateway", "edge", "4", "rule 4: gateway from tag"] in [
        [word.strip() for word in line] for line in _shown(told)
    ]


def test_rules_are_listed_in_their_order(rules: Path) -> None:
    assert printed("list", "--config", str(rules), group="names").split("\n")[:2] == [
        "  1  api from path",
        "  2  environment from file",
    ]
    assert "There are no naming rules" in printed("list", group="names")


def test_all_faults_of_rules_are_reported_at_once(rules: Path) -> None:
    rules.write_text(_RULES.replace("source: path", "source: pat").replace("(.*)", ".*"))
    with pytest.raises(ConfigError) as raised:
        printed("list", "--config", str(rules), group="names")
    assert "collector.transforms.names.0.source: 'pat' is not a source; use one of" in str(raised.value)
    assert "collector.transforms.names.3: replacement: there is no $1" in str(raised.value)
