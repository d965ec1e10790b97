"""What naming rules read of access records that no column of a request has: it is kept among the attributes."""

from collections.abc import Mapping, Sequence

from collector.formats.descriptor import Format
from collector.formats.naming.claim import claim_in, key_of
from collector.formats.naming.rule import NamingRule
from collector.formats.naming.source import keys
from collector.formats.shared.literal import literal

# What is among the attributes of each request by itself, as access.sql has it.
_KEPT_ANYWAY = frozenset({"server.address", "authority", "http.host", "fluent.tag"})


def kept_fragments(known: Format, rules: Sequence[NamingRule]) -> Mapping[str, str]:
    """The fragments of the layers of a format by which attributes are kept; empty ones where no rule reads any."""
    wanted: dict[str, str] = {}
    for rule in rules if known.key_sql else ():
        wanted |= _wanted(known, rule.source, rule.claim)
        for other in rule.when:
            wanted |= _wanted(known, other)
    if not wanted:
        return {"before_kept": "", "after_kept": ""}
    pairs = ", ".join(f"{literal(key)}, {value}" for key, value in sorted(wanted.items()))
    found = f"mapFilter((name, value) -> value NOT IN ('', '-'), map({pairs}))"
    nothing = "CAST(map(), 'Map(String, String)')"
    return {
        "before_kept": "mapUpdate(",
        "after_kept": f", if(is_log, {nothing}, {found}))",
        "before_attributes": "mapConcat(log_attributes, ",
        "after_attributes": ")",
    }


def _wanted(known: Format, source: str, claim: str = "") -> dict[str, str]:
    """The values to keep by their keys, as SQL; of a token only the claim."""
    values = {key: known.key_sql.format(key=literal(key)) for key in keys(source) if key not in _KEPT_ANYWAY}
    return {key_of(key, claim): claim_in(value, claim) for key, value in values.items()} if claim else values
