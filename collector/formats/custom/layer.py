"""The layer of a format of users: from the lines of a log to the terms of access logs, as SQL.

It reads the columns of other_lines.sql from `{{inner}}`.
"""

from collections.abc import Mapping, Sequence

from collector.formats.custom.columns import Absence, Columns, Labels, value
from collector.formats.custom.reading import ATTRIBUTE, HOST, Reading
from collector.formats.custom.template import (
    SYSLOG_PREFIX,
    Capture,
    Literal,
    Part,
    Template,
    expression,
    piece_expression,
    pieces,
)
from collector.formats.shared.literal import literal

_NO_ATTRIBUTES = "CAST(map(), 'Map(String, String)')"
_LINE = "received_at, payload_environment, payload_gateway, peer, record, other, other_time, other_severity"
_TEXT = "toValidUTF8(trimRight(line, '\\r'))"
# What may hold what a client has sent, with escapes in it.
_FREE_TEXT = frozenset({"request", "url", "user_agent", "consumer", "forwarded_for", ATTRIBUTE})

Values = Sequence[tuple[Reading, str]]


def template_select(name: str, line: Template, labels: Labels) -> str:
    """The layer of a text with values at their places."""
    values = [
        (reading, _unescaped(f"fields[{number}]", reading) if line.has_escapes else f"fields[{number}]")
        for number, reading in enumerate(line.readings, 1)
    ]
    is_message = f"match(record, {literal(line.messages)})" if line.messages else ""
    return _select(name, values, _fields(line), labels, Absence("empty(fields)", is_message))


def expression_select(name: str, pattern: str, values: Values, labels: Labels) -> str:
    """The layer of a regular expression; the values are elements of `fields`."""
    fields = f"extractGroups({_TEXT}, {literal(pattern)})"
    inner = f"SELECT {_LINE}, {fields} AS fields\nFROM ({{{{inner}}}})"
    return _select(name, values, inner, labels, Absence("empty(fields)"))


def json_select(name: str, type_text: str, values: Values, labels: Labels, line: str = "line") -> str:
    """The layer of JSON lines, or of what is made JSON in SQL; the values are elements of the tuple `log`."""
    inner = f"SELECT {_LINE}, JSONExtract({line}, {literal(type_text)}) AS log\nFROM ({{{{inner}}}})"
    named = [column for column, _ in _named(values)[0].values()]
    return _select(name, values, inner, labels, Absence(" AND ".join(f"{column} = ''" for column in named)))


def _select(name: str, values: Values, inner: str, labels: Labels, absence: Absence) -> str:
    named, readings, attributes = _named(values)
    kept = f"{{{{before_kept}}}}{_attributes(attributes)}{{{{after_kept}}}}"
    columns = Columns(name, readings, labels, absence).select(kept)
    of_line = ", ".join(f"{sql} AS {column}" for column, sql in named.values())
    text = f"SELECT *, {of_line}\nFROM (\n{inner}\n)"
    if "request" in readings:
        text = f"SELECT *, {_REQUEST_LINE}\nFROM (\n{text}\n)"
    listed = ",\n    ".join(f"{sql} AS {column}" for column, sql in columns.items())
    return f"SELECT\n    {listed}\nFROM (\n{text}\n)"


_REQUEST_LINE = f"""splitByChar(' ', {value("request")}) AS asked,
    length(asked) >= 3 AND startsWith(asked[length(asked)], 'HTTP/') AS has_protocol,
    -- HTTP/0.9 names no protocol.
    has_protocol OR startsWith(asked[2], '/') AS is_http,
    multiIf(
        startsWith({value("request")}, '/'), {value("request")},
        NOT is_http, '',
        NOT has_protocol OR length(asked) = 3, asked[2],
        arrayStringConcat(arraySlice(asked, 2, length(asked) - 2), ' ')
    ) AS target"""


def _named(values: Values) -> tuple[dict[int, tuple[str, str]], dict[str, list[Reading]], dict[str, str]]:
    """(column, SQL) of each value that is kept; readings by their field; columns of attributes by their name."""
    kept = [(number, reading) for number, (reading, _) in enumerate(values) if reading.is_kept]
    kept.sort(key=lambda numbered: numbered[1].rank)
    columns: dict[int, tuple[str, str]] = {}
    readings: dict[str, list[Reading]] = {}
    attributes: dict[str, str] = {}
    for number, reading in kept:
        of_field = readings.setdefault(reading.field, [])
        column = value(reading.field, len(of_field))
        if reading.field == ATTRIBUTE:
            if reading.name in attributes:
                continue
            attributes[reading.name] = column
        of_field.append(reading)
        columns[number] = (column, values[number][1])
    return columns, readings, attributes


def _attributes(columns: Mapping[str, str]) -> str:
    if not columns:
        return _NO_ATTRIBUTES
    pairs = ", ".join(f"{literal(name)}, {column}" for name, column in columns.items())
    return f"mapFilter((name, value) -> value NOT IN ('', '-'), map({pairs}))"


def _unescaped(sql: str, reading: Reading) -> str:
    if reading.unit == HOST:
        # An address is no name.
        return f"replaceRegexpOne({sql}, '^[0-9.]+(?::[0-9]+)?$|:[0-9]+$', '')"
    if reading.field not in _FREE_TEXT:
        return sql
    decoded = f"extractKeyValuePairsWithEscaping(concat('value=\"', {sql}, '\"'), '=', ' ', '\"')['value']"
    return f"if(position({sql}, '\\\\') = 0, {sql}, toValidUTF8({decoded}))"


def _fields(line: Template) -> str:
    """The values of a line: read between its quotes where there are as many as in the definition, which is quick.

    A quote too many, or a value with spaces where none stands as a rule, is left to the expression of the whole line.
    """
    text = _TEXT
    if line.has_escapes:
        text = f"replaceAll(replaceAll({text}, '\\\\\\\\', '\\\\x5C'), '\\\\\"', '\\\\x22')"
    if line.messages:
        text = f"replaceRegexpOne({text}, {literal(f'^(?:{SYSLOG_PREFIX})')}, '')"
    listed = pieces(line)
    if len(listed) == 1:
        tried = f"extractGroups(text, {literal(piece_expression(listed[0]))})"
        tests, found, groups = ["notEmpty(piece_1)"], ["piece_1"], [f"{tried} AS piece_1"]
    else:
        tests, found, groups = _of_pieces(listed)
    fields = found[0] if len(found) == 1 else f"arrayConcat({', '.join(found)})"
    quoted = "splitByChar('\"', text) AS quoted" if len(listed) > 1 else "0 AS unused"
    return f"""SELECT {_LINE},
    if(is_whole, {fields}, extractGroups(if(is_whole, '', text), {literal(expression(line))})) AS fields
FROM (
SELECT *, {" AND ".join(tests)} AS is_whole
FROM (
SELECT *, {", ".join(groups) or "1 AS unused"}
FROM (
SELECT *, {quoted}
FROM (
SELECT {_LINE}, {text} AS text
FROM ({{{{inner}}}})
))))"""


def _of_pieces(listed: Sequence[Sequence[Part]]) -> tuple[list[str], list[str], list[str]]:
    tests, found, groups = [f"length(quoted) = {len(listed)}"], [], []
    for number, piece in enumerate(listed, 1):
        between = f"quoted[{number}]"
        if not piece:
            tests.append(f"{between} = ''")
        elif len(piece) == 1 and isinstance(piece[0], Literal):
            tests.append(f"{between} = {literal(piece[0].text)}")
        elif len(piece) == 1 and isinstance(piece[0], Capture) and piece[0].is_quoted:
            found += [f"[{between}]"] if piece[0].reading.is_kept else []
        elif not any(isinstance(part, Capture) and part.reading.is_kept for part in piece):
            tests.append(f"match({between}, {literal(piece_expression(piece))})")
        else:
            groups.append(f"extractGroups({between}, {literal(piece_expression(piece))}) AS piece_{number}")
            found.append(f"piece_{number}")
            tests.append(f"notEmpty(piece_{number})")
    return tests, found, groups
