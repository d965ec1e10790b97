"""Regular expressions that people give: the same in Python and in ClickHouse, and what is said of faulty ones."""

import pytest

from storage.patterns import Pattern, PatternFault, Patterns
from storage.store import Store


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("(?=a)", "look-around is not supported"),
        ("(?<!a)b", "look-around is not supported"),
        (r"(a)\1", "back-references are not supported"),
        ("(?P<a>a)(?P=a)", "back-references are not supported"),
        (r"a\Z", r"write \z"),
        ("a++", "possessive repetition is not supported"),
        ("(?>a)", "possessive repetition is not supported"),
        ("(?x)a", "of flags there are i, m, s and U"),
        ("a{1001}", "1000 times at most"),
        (r"\pL{1000}" * 20, "1000 times at most"),
        ("(a", "close what is opened"),
        ("[z-a]", "the syntax of RE2"),
        ("\ud800", "half of a surrogate pair"),
    ],
)
def test_what_is_no_pattern_says_how_to_mend_it(text: str, cure: str) -> None:
    for kind in (Pattern, lambda one: Patterns([one])):
        with pytest.raises(PatternFault) as raised:
            kind(text)
        assert cure in str(raised.value)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^\d+$", "12"),
        (r"^\d+$", "12\n"),
        (r"^\d$", "٣"),
        (r"^\w$", "é"),
        (r"^.$", "é"),
        (r"^.{3}$", "äöü"),
        (r"^[äö]+$", "ö"),
        (r"(?i)^É$", "é"),
        (r"^\s$", "\v"),
        (r"^\s$", "\u00a0"),
        (r"^a.b$", "a\nb"),
        (r"(?-s)^a.b$", "a\nb"),
        (r"^a$", "a\nb"),
        (r"(?m)^a$", "a\nb"),
        (r"^\pL\b", "ß"),
        (r"^\Qa.b\E\z", "a.b"),
        (r"^[[:alpha:]]+$", "ab"),
        (r"(?U)^a+", "aa"),
        ("^(a+)+$", "a" * 40 + "b"),
    ],
)
def test_python_decides_as_clickhouse_does(store: Store, pattern: str, text: str) -> None:
    [(matches,)] = store.rows("SELECT match({text:String}, {pattern:String})", {"text": text, "pattern": pattern})
    assert bool(matches) is (Pattern(pattern).end_of_match(text) is not None)


def test_the_first_of_several_that_matches_counts() -> None:
    patterns = Patterns(["^b", r"^\w+ \d+$", "^a"])
    assert [patterns.first(line) for line in ("a 1", "a", "b 1", "c", "c 1\r\n", "")] == [1, 2, 0, None, 1, None]
    assert [patterns.match(line) for line in ("a", "c", "c 1\r\n")] == [True, False, True]


def test_many_large_patterns_are_all_tried() -> None:
    """Together they take more memory than a set of patterns may."""
    patterns = Patterns([rf"^{number} \pL{{150}}$" for number in range(8)])
    assert [patterns.first(f"{number} {'é' * 150}") for number in (0, 5, 7)] == [0, 5, 7]
    assert patterns.first("5 a") is None


def test_half_of_a_surrogate_pair_in_a_text_is_no_fault() -> None:
    assert Patterns(["^a.b$"]).match("a\ud800b")
    assert Pattern("a.b").matches_all("a\ud800b")


def test_where_a_match_ends_is_counted_in_letters() -> None:
    assert Pattern("^äö+").end_of_match("äööx") == 3
