"""Lines of name=value pairs, in any order, as loggers of Go write them and nginx' log_format can.

time=2026-11-23T10:15:30Z level=info method=GET path="/orders?x=1" status=200 duration=12ms
[23/Nov/2026:10:15:30 +0000] client=192.0.2.7 request="GET /orders HTTP/1.1" status=200
"""

import re
from collections.abc import Sequence
from itertools import combinations, permutations

from collector.formats.shared.literal import literal

# A time may stand before the pairs: it is the value of `leading_time`.
_TIME = (
    r"\[?(\d{4}[-/]\d\d[-/]\d\d[T ][\d:.,]+(?: ?(?:Z|[-+]\d\d:?\d\d))?|\d\d/\w{3}/\d{4}:[\d:]+(?: [-+]\d{4})?)\]?\s+"
)
_NAME = r"[\w.@/-]+="
# Each order in which they may stand is an alternative.
_MOST_NAMES = 3


def logfmt_object() -> str:
    """The line as an object, in SQL."""
    pattern, pair = literal(f"^{_TIME}"), literal(r'leading_time="\1" ')
    line = f"replaceRegexpOne(toValidUTF8(line), {pattern}, {pair})"
    return f"toJSONString(extractKeyValuePairsWithEscaping({line}, '=', {literal(' ' + chr(9))}, '\"'))"


def logfmt_pattern(wanted: Sequence[str | tuple[str, ...]]) -> str:
    """A regular expression of lines that begin with a pair, or a time and a pair, and have one of each of the names.

    One that is among two of them stands for both: a request line has the method and the path.
    """
    alternatives = [[one] if isinstance(one, str) else list(one) for one in wanted[:_MOST_NAMES]]
    sets = [alternatives]
    for one, other in combinations(alternatives, 2):
        if of_both := [name for name in one if name in other]:
            sets.append([of_both, *(rest for rest in alternatives if rest not in (one, other))])
    orders = (order for names in sets for order in permutations(map(_one_of, names)))
    before = rf"^(?:{_TIME})?(?:{_NAME}.*\s)?"
    return "|".join(before + r".*\s".join(order) for order in orders)


def _one_of(names: Sequence[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, names))})="
