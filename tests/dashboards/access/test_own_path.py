"""Where a link to the sign-in page may lead afterwards."""

import pytest

from dashboards.access.own_path import own_path


@pytest.mark.parametrize("path", ["/", "/apis", "/apis?environment=blue&from=now-6h", "/sql#x", "/a/b//c", "/é"])
def test_a_path_of_ours_is_kept(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "", "apis", "https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
        "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "/ /evil.example", "/\x7f",
        "javascript:alert(1)", "http:/evil.example", "http:evil.example", "//[", "/%5c/\\evil.example", "/\x00",
    ],
)  # fmt: skip
def test_anything_else_leads_to_the_first_page(path: str) -> None:
    assert own_path(path) == "/"
