"""What recorded requests cannot show of a policy."""

from collections.abc import Sequence

from processors.simulation.outcome import Counter
from processors.simulation.policies import (
    Algorithm,
    AnyPolicy,
    IpList,
    Key,
    Limiting,
    RateLimit,
    ResponseCache,
    SpikeControl,
)


def caveats(policy: AnyPolicy, requests: int, counters: Sequence[Counter]) -> tuple[str, ...]:
    """Sentences, those about this traffic first."""
    found = []
    unnamed = next((counter.requests for counter in counters if counter.key == ""), 0)
    if unnamed and isinstance(policy, Limiting) and policy.key is not Key.ALL:
        named = policy.key.value.replace("_", " ") if policy.key is not Key.API else "API"
        found.append(f"{100 * unnamed / requests:.3g} % of the requests name no {named}; they share one counter.")
    match policy:
        case RateLimit(algorithm=Algorithm.SLIDING):
            found.append("Refused requests count as well, as gateways do that log each request before they judge it.")
        case SpikeControl():
            found.append("A request that waits takes its turn behind those that come in the meantime.")
        case ResponseCache():
            found.append(
                "Query strings are not kept: paths are taken as the whole key, so this is the most to hope for."
            )
            found.append(
                "Headers are not kept: what must not be cached (Cache-Control, Vary, Authorization) counts too."
            )
        case IpList():
            found.append("What names no client address is in no network: only `allow` refuses it.")
        case _:
            pass
    if not isinstance(policy, ResponseCache):
        found.append("Clients that are refused may try again; these tries are not in what was recorded.")
    return tuple(found)
