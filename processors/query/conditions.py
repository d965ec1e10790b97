"""Filters as conditions of SQL; what people wrote goes in by query parameters."""

from processors.query.dimensions import Dimension, dimension
from processors.query.filters import NEGATIONS, Filter, Operator

Parameters = dict[str, object]


def value_of(chosen: Dimension, time: str, place: str, parameters: Parameters) -> str:
    """The SQL of a dimension's value; `time` is the table's, `place` the parameter that takes an attribute's name."""
    if chosen.attribute:
        parameters[place] = chosen.attribute
        return chosen.sql.replace("{attribute}", f"{{{place}:String}}")
    return chosen.sql.replace("{time}", time)


def condition(chosen: Filter, time: str, place: str, parameters: Parameters) -> str:
    """The condition that a filter stands for."""
    of = dimension(chosen.dimension)
    value = value_of(of, time, f"{place}_name", parameters)
    text = f"toString({value})" if of.is_number else value
    match chosen.operator:
        case Operator.IN | Operator.NOT_IN:
            holds = f"{value} IN {_list(chosen, of, place, parameters)}"
        case Operator.PREFIX | Operator.NOT_PREFIX:
            holds = _starts(chosen, text, place, parameters)
        case Operator.REGEX | Operator.NOT_REGEX:
            parameters[place] = chosen.values[0]
            holds = f"match({text}, {{{place}:String}})"
        case Operator.RANGE:
            holds = _between(chosen, of, value, place, parameters)
        case Operator.ABSENT | Operator.PRESENT:
            holds = f"{value} = 0" if of.is_number else f"{value} = ''"
    return f"NOT {holds}" if chosen.operator in NEGATIONS else holds


def _list(chosen: Filter, of: Dimension, place: str, parameters: Parameters) -> str:
    parameters[place] = [int(value) for value in chosen.values] if of.is_number else list(chosen.values)
    return f"{{{place}:Array({_type(of)})}}"


def _starts(chosen: Filter, text: str, place: str, parameters: Parameters) -> str:
    tests = []
    for number, value in enumerate(chosen.values):
        parameters[f"{place}_{number}"] = value
        tests.append(f"startsWith({text}, {{{place}_{number}:String}})")
    return f"({' OR '.join(tests)})"


def _between(chosen: Filter, of: Dimension, value: str, place: str, parameters: Parameters) -> str:
    tests = []
    for name, sign, end in zip(("low", "high"), (">=", "<="), chosen.values, strict=True):
        if end:
            parameters[f"{place}_{name}"] = int(end) if of.is_number else end
            tests.append(f"{value} {sign} {{{place}_{name}:{_type(of)}}}")
    return f"({' AND '.join(tests) or '1'})"


def _type(of: Dimension) -> str:
    return "Int64" if of.is_number else "String"
