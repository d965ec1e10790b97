"""How well routes are mined: precision and recall on made-up traffic of public APIs. Run it with `python -m`."""

import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from processors.routes.mining import Tree
from processors.routes.segments import is_placeholder, joined, segments, typed
from processors.routes.templates import Templates

_FILE = Path(__file__).with_name("public_routes.txt")
_SYLLABLES = ("ka", "lo", "mi", "ra", "ten", "vor", "su", "pel", "ano", "dri", "fex", "go", "hub", "ist", "jun")
_BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_REQUESTS = 60_000
# Values are asked for as popular things are: the n-th of them 1/n as often as the first.
_VALUES = 2_000


@dataclass(frozen=True)
class Quality:
    """Of templates: how many of the found ones are true, and of the true ones found; of requests: those filed right."""

    templates: int
    found: int
    precision: float
    recall: float
    requests_right: float


def public_apis() -> dict[str, list[str]]:
    """The templates of each API."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            api, _, template = line.partition(" ")
            found[api].append(template)
    return found


def quality(templates: Iterable[str], seed: int = 1, requests: int = _REQUESTS) -> Quality:
    """What mining makes of traffic of these templates."""
    true = list(templates)
    chance = random.Random(seed)
    traffic = _traffic(true, chance, requests)
    paths = Counter(path for path, _ in traffic)
    mined = Templates(Tree(paths.items()).templates())
    routed = {path: _route(mined, path) for path in paths}
    forms = {template: re.sub(r"\{[^}]*\}", "{}", template) for template in true}
    found = {re.sub(r"\{[^}]*\}", "{}", route) for route in routed.values()}
    right = found & set(forms.values())
    hits = sum(re.sub(r"\{[^}]*\}", "{}", routed[path]) == forms[template] for path, template in traffic)
    return Quality(
        len(true), len(found), len(right) / len(found), len(right) / len(set(forms.values())), hits / len(traffic)
    )


def _route(mined: Templates, path: str) -> str:
    looks = joined(tuple(map(typed, segments(path))))
    return mined.match(looks) or looks


def _traffic(templates: list[str], chance: random.Random, requests: int) -> list[tuple[str, str]]:
    weights = [1 / (1 + place) ** 0.7 for place in range(len(templates))]
    shuffled = chance.sample(templates, len(templates))
    names = {kind: [make(chance) for _ in range(_VALUES)] for kind, make in _MAKERS.items()}
    popularity = [1 / (1 + place) for place in range(_VALUES)]
    picks = {kind: iter(chance.choices(values, popularity, k=4 * requests)) for kind, values in names.items()}
    found = []
    for template in chance.choices(shuffled, weights, k=requests):
        parts = (next(picks[part[1:-1]]) if is_placeholder(part) else part for part in segments(template))
        found.append((joined(tuple(parts)), template))
    return found


def _slug(chance: random.Random) -> str:
    words = ("".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))) for _ in range(chance.randint(1, 2)))
    return "-".join(words)


def _digits(alphabet: str, length: int) -> Callable[[random.Random], str]:
    return lambda chance: "".join(chance.choices(alphabet, k=length))


_MAKERS: dict[str, Callable[[random.Random], str]] = {
    "slug": _slug,
    "number": lambda chance: str(chance.randint(1, 10**7)),
    "sha": _digits("0123456789abcdef", 40),
    "base62": _digits(_BASE62, 22),
    "id": lambda chance: f"cus_{_digits(_BASE62, 14)(chance)}",
}


if __name__ == "__main__":
    sys.stdout.write(
        json.dumps({api: asdict(quality(templates)) for api, templates in public_apis().items()}, indent=2)
    )
