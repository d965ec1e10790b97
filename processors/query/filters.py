"""What part of the traffic a question is about, and how that is written in URLs and commands."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from processors.errors import InvalidQuestion
from processors.query.dimensions import dimension
from storage.patterns import Pattern, PatternFault
from storage.untrusted_text import is_text

# What stands for "has none of it".
ABSENT_SIGN = "∅"


class Operator(StrEnum):
    """How a dimension's value is compared."""

    IN = "in"
    NOT_IN = "not_in"
    PREFIX = "prefix"
    NOT_PREFIX = "not_prefix"
    REGEX = "regex"
    NOT_REGEX = "not_regex"
    RANGE = "range"
    ABSENT = "absent"
    PRESENT = "present"


# What fits where the operator that it is named for does not.
NEGATIONS = frozenset({Operator.NOT_IN, Operator.NOT_PREFIX, Operator.NOT_REGEX, Operator.PRESENT})


@dataclass(frozen=True)
class Filter:
    """One condition; of several, all have to hold. Raises InvalidQuestion.

    Of IN and PREFIX one value has to fit, of their negations none may; what lacks the dimension has the value ''. REGEX
    takes one expression of RE2, found anywhere. RANGE takes its two ends, both included, either '' for none.
    """

    # A name in DIMENSIONS, or `attribute:NAME`.
    dimension: str
    operator: Operator = Operator.IN
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        expected = _SIZES.get(self.operator)
        if expected is None and not self.values:
            raise InvalidQuestion(f"The filter by {self.dimension!r} has no value; name one, or leave the filter out.")
        if expected is not None and len(self.values) != expected:
            raise InvalidQuestion(f"A filter by {self.operator.value} takes {expected} values, not {len(self.values)}.")
        if not all(map(is_text, (self.dimension, *self.values))):
            raise InvalidQuestion("A filter holds half of a surrogate pair, which is no Unicode text; remove it.")

        self._check_values()

    def _check_values(self) -> None:
        chosen = dimension(self.dimension)
        if self.operator in (Operator.ABSENT, Operator.PRESENT) and chosen.absent is None:
            raise InvalidQuestion(f"Every request has {self.dimension!r}; filter by its values.")
        if self.operator in _REGEXES:
            _check_pattern(self.values[0])
        if chosen.is_number and self.operator in (Operator.IN, Operator.NOT_IN, Operator.RANGE):
            for value in self.values:
                if not (_NUMBER.fullmatch(value) or (self.operator is Operator.RANGE and not value)):
                    raise InvalidQuestion(f"{self.dimension} is a number, which {value!r} is not.")

    def text(self) -> str:
        """As `parse_filter` reads it, e.g. `status!=404`."""
        name = _escape(self.dimension, _IN_NAMES)
        if self.operator is Operator.ABSENT:
            return f"{name}={ABSENT_SIGN}"
        if self.operator is Operator.PRESENT:
            return f"{name}!={ABSENT_SIGN}"
        if self.operator in _REGEXES:
            return f"{name}{_SIGNS[self.operator]}{self.values[0]}"
        values = [_escape(value, _IN_VALUES) for value in self.values]
        if self.operator is Operator.RANGE:
            return f"{name}={'..'.join(values)}"
        return f"{name}{_SIGNS[self.operator]}{','.join(values)}"


# How many values it takes; any other one or more.
_SIZES = {Operator.REGEX: 1, Operator.NOT_REGEX: 1, Operator.RANGE: 2, Operator.ABSENT: 0, Operator.PRESENT: 0}
_REGEXES = (Operator.REGEX, Operator.NOT_REGEX)
# The longer ones first, as they end alike.
_SIGNS = {
    Operator.NOT_PREFIX: "!^=",
    Operator.NOT_REGEX: "!~=",
    Operator.NOT_IN: "!=",
    Operator.PREFIX: "^=",
    Operator.REGEX: "~=",
    Operator.IN: "=",
}
_OPERATORS = {sign: operator for operator, sign in _SIGNS.items()}
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_IN_NAMES = re.compile(r"[\\=!^~]")
_IN_VALUES = re.compile(rf"[\\,{ABSENT_SIGN}]|(?<=\.)\.|\.$")
_FORM = re.compile(r"(?P<name>(?:[^\\=!^~]|\\.)+)(?P<sign>!\^=|!~=|!=|\^=|~=|=)(?P<values>.*)", re.DOTALL)
_PIECE = re.compile(r"(?P<escaped>\\.)|(?P<comma>,)|(?P<range>\.\.)|(?P<plain>.)", re.DOTALL)


def parse_filter(text: str) -> Filter:
    r"""The filter that a text stands for; raises InvalidQuestion.

    `api=orders,payments`, `status!=404`, `route^=/v1/`, `route!^=/v1/`, `path~=^/x`, `path!~=^/x`, `status=500..599`
    (either end may be left out), `consumer=∅` (absent), `consumer!=∅` (present). A backslash takes a comma, a dot, `∅`
    or a backslash literally; a regular expression is all that follows its sign.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise InvalidQuestion(
            f"{text!r} is no filter; write api=orders,payments, status!=404, status=500..599, route^=/v1/, "
            f"path~=^/v[12], consumer={ABSENT_SIGN}, or another of docs/questions.md."
        )
    dimension = re.sub(r"\\(.)", r"\1", form["name"])
    operator = _OPERATORS[form["sign"]]
    if operator in _REGEXES:
        return Filter(dimension, operator, (form["values"],))
    if form["values"] == ABSENT_SIGN and operator in (Operator.IN, Operator.NOT_IN):
        return Filter(dimension, Operator.ABSENT if operator is Operator.IN else Operator.PRESENT)
    pieces = list(_pieces(form["values"]))
    kinds = [kind for kind, _ in pieces]
    if operator is Operator.IN and kinds.count("range") == 1 and "comma" not in kinds:
        middle = kinds.index("range")
        return Filter(dimension, Operator.RANGE, (_joined(pieces[:middle]), _joined(pieces[middle + 1 :])))
    return Filter(dimension, operator, tuple(_split(pieces)))


def is_met(chosen: Filter, value: str) -> bool:
    """Whether a text is let through, as ClickHouse decides it by `processors.query.conditions`."""
    match chosen.operator:
        case Operator.IN | Operator.NOT_IN:
            holds = value in chosen.values
        case Operator.PREFIX | Operator.NOT_PREFIX:
            holds = value.startswith(chosen.values)
        case Operator.REGEX | Operator.NOT_REGEX:
            holds = Pattern(chosen.values[0]).is_in(value)
        case Operator.RANGE:
            low, high = (end.encode() for end in chosen.values)
            holds = low <= value.encode() and (not high or value.encode() <= high)
        case Operator.ABSENT | Operator.PRESENT:
            holds = not value
    return holds != (chosen.operator in NEGATIONS)


def in_place_of(filters: Sequence[Filter], other: Filter) -> tuple[Filter, ...]:
    """The filters of other traffic: the same ones, but of one dimension what `other` says."""
    return (*(one for one in filters if one.dimension != other.dimension), other)


def _check_pattern(expression: str) -> None:
    try:
        Pattern(expression)
    except PatternFault as fault:
        raise InvalidQuestion(f"{expression!r} is no regular expression of RE2: {fault}.") from None


def _escape(text: str, special: re.Pattern[str]) -> str:
    return special.sub(lambda found: f"\\{found[0]}", text)


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    for found in _PIECE.finditer(text):
        kind = str(found.lastgroup)
        yield kind, found[0][1:] if kind == "escaped" else found[0]


def _split(pieces: list[tuple[str, str]]) -> Iterator[str]:
    start = 0
    for place, (kind, _) in enumerate(pieces):
        if kind == "comma":
            yield _joined(pieces[start:place])
            start = place + 1
    yield _joined(pieces[start:])


def _joined(pieces: list[tuple[str, str]]) -> str:
    return "".join(text for _, text in pieces)
