"""Naming rules as the outermost layer of a transform: they see the rows as they would be stored without them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from collector.formats.naming import source
from collector.formats.naming.rule import NamingRule
from collector.formats.shapes import Shape
from collector.formats.shared.literal import literal


def named(statement: str, shape: Shape, rules: Sequence[NamingRule]) -> str:
    """The statement with the names of the rules."""
    found = {
        target: f"firstNonDefault({', '.join(name for _, name in tried)}, toString({target}))"
        for target, tried in _by_target(shape, rules).items()
    }
    if not found:
        return statement
    listed = ",\n    ".join(f"{expression} AS {target}" for target, expression in found.items())
    return f"SELECT * REPLACE (\n    {listed}\n)\nFROM (\n{statement}\n)"


def explained(statement: str, shape: Shape, rules: Sequence[NamingRule]) -> str:
    """The same with a column `named_by`: by target, the number of the rule that named it; 0 where none did."""
    tried = _by_target(shape, rules)
    numbers = [f"{literal(target)}, {_number(of_target)}" for target, of_target in tried.items()]
    by = f"map({', '.join(numbers)})" if numbers else "CAST(map(), 'Map(String, UInt32)')"
    return named(f"SELECT *, {by} AS named_by\nFROM (\n{statement}\n)", shape, rules)


def _number(tried: Sequence[tuple[int, str]]) -> str:
    cases = ", ".join(f"{name} != '', {number}" for number, name in tried)
    return f"toUInt32(multiIf({cases}, 0))"


def _by_target(shape: Shape, rules: Sequence[NamingRule]) -> Mapping[str, list[tuple[int, str]]]:
    """By target, the rules that can name it in such rows: their number, and the name as SQL, '' where there is none."""
    found: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for number, rule in enumerate(rules, 1):
        if rule.target in shape.columns and (name := _name(rule, shape)):
            found[rule.target].append((number, name))
    return found


def _name(rule: NamingRule, shape: Shape) -> str:
    value = source.sql(rule.source, shape, rule.claim)
    tests = [(source.sql(one, shape), regex) for one, regex in rule.when.items()]
    if not value or not all(one for one, _ in tests):
        return ""
    whole = literal(f"^(?s:{rule.regex})$")
    if rule.regex not in ("(.+)", "(.*)") or rule.replacement != "$1":
        value = f"if(match({value}, {whole}), replaceRegexpOne({value}, {whole}, {literal(rule.substitution)}), '')"
    value = "".join(_looked_up(rule, value))
    conditions = [f"match({one}, {literal(f'^(?s:{regex})$')})" for one, regex in tests]
    return f"if({' AND '.join(conditions)}, {value}, '')" if conditions else value


def _looked_up(rule: NamingRule, value: str) -> Iterator[str]:
    if rule.prefixes:
        longest_first = sorted(rule.prefixes.items(), key=lambda pair: -len(pair[0]))
        cases = ", ".join(f"{_begins(value, prefix)}, {literal(name)}" for prefix, name in longest_first)
        yield f"multiIf({cases}, '')"
        return
    names = rule.names.entries() if rule.names else rule.values
    if names:
        listed = ", ".join(map(literal, names)), ", ".join(map(literal, names.values()))
        yield f"transform({value}, [{listed[0]}], [{listed[1]}], '')"
    else:
        yield "''" if rule.names else value


def _begins(value: str, prefix: str) -> str:
    """Whether a path is the prefix, or goes on behind it with a part of its own."""
    if prefix.endswith("/"):
        return f"startsWith({value}, {literal(prefix)})"
    return f"startsWith(concat({value}, '/'), {literal(prefix + '/')})"
