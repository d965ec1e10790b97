"""Times and durations out of the text of a value, in SQL."""

from collector.formats.custom.reading import CLF, CLF_LOCAL, ISO, ISO_UTC, UNIX, Reading
from collector.formats.custom.strftime import parse_pattern
from collector.formats.shared.literal import literal
from collector.formats.shared.rules import with_rules

_MICROSECONDS = {"s": "1000000", "ms": "1000", "us": "1", "ns": "0.001"}
# A number with its unit behind it, as 12ms or 0.012s.
_WITH_UNIT = literal(r"^([0-9.]+) ?(ns|us|µs|μs|ms|s)$")
_UNITS = "['ns', 'us', 'µs', 'μs', 'ms', 's'], [0.001, 1., 1., 1., 1000., 1000000.], 0."


def moment(name: str, unit: str) -> str:
    """When it was, NULL where the text is no time."""
    if unit == CLF:
        # A second recurs in many lines, and functions run once a word of it.
        time = f"parseDateTimeOrNull(toLowCardinality({name}), '%d/%b/%Y:%H:%i:%s %z', 'UTC')"
        return f"CAST({time}, 'Nullable(DateTime64(6, \\'UTC\\'))')"
    if unit == CLF_LOCAL:
        return f"toTimeZone(parseDateTime64OrNull({name}, '%d/%b/%Y:%H:%i:%s.%f', {{{{time_zone}}}}), 'UTC')"
    if unit == ISO:
        return with_rules(f"{{{{moment_of_text({name})}}}}")
    if unit == ISO_UTC:
        # In a table a tab stands between day and hour.
        text = f"replaceOne({name}, '\\t', ' ')"
        return with_rules(f"{{{{moment_of_text({text})}}}}").replace("{{time_zone}}", "'UTC'")
    if unit in UNIX:
        count = f"accurateCastOrNull(round(toFloat64OrNull({name}) * {_MICROSECONDS[UNIX[unit]]}), 'Int64')"
        return f"fromUnixTimestamp64Micro({count}, 'UTC')"
    return f"toTimeZone(parseDateTime64OrNull({name}, {literal(parse_pattern(unit))}, {{{{time_zone}}}}), 'UTC')"


def microseconds(name: str, reading: Reading) -> str:
    """How long it took, NULL where the text is no number."""
    factor = _MICROSECONDS[reading.unit]
    single = f"toFloat64OrNull(trimLeft({name}, '+'))"
    if reading.is_list:
        # Several upstreams were tried in turn: the sum is the time of all.
        known = f"arrayFilter(part -> part != '-', {listed(name)})"
        summed = f"if(empty({known}), NULL, arraySum(part -> toFloat64OrZero(part), {known}))"
        single = f"if(position({name}, ' ') = 0, {single}, {summed})"
    if reading.needs_fraction:
        single = f"if(match({name}, '[.eE]|^0$'), {single}, NULL)"
    count = single if factor == "1" else f"round({single} * {factor})"
    return f"accurateCastOrNull({count}, 'UInt64')"


def microseconds_with_unit(name: str) -> str:
    """The same of a number with its unit behind it; NULL without."""
    number, unit = (f"extractGroups({name}, {_WITH_UNIT})[{part}]" for part in (1, 2))
    return f"accurateCastOrNull(round(toFloat64OrNull({number}) * transform({unit}, {_UNITS})), 'UInt64')"


def listed(name: str) -> str:
    """The parts of a list, which has spaces in it; of anything else nothing, so that it costs nothing."""
    return f"splitByString(', ', replaceAll(if(position({name}, ' ') = 0, '', {name}), ' : ', ', '))"
