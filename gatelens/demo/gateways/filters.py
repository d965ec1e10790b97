"""Filters of Envoy that stand for a gateway's policies, and for its cache, as data."""

from gatelens.demo.gateways.settings import EXTENSIONS, Json
from gatelens.demo.model import BLOCKED_ADDRESSES, CONSUMERS, EXPORTS_PER_MINUTE

# The API key filter says here who called; the key itself goes no further.
CONSUMER_HEADER = "x-client-id"

_FILTERS = f"{EXTENSIONS}.filters.http"


def api_key() -> Json:
    """Asks for a known key, and makes a consumer of it."""
    return _filter(
        "api_key_auth",
        "api_key_auth.v3.ApiKeyAuth",
        credentials=[{"key": key, "client": consumer} for consumer, key in CONSUMERS.items()],
        key_sources=[{"header": "x-api-key"}],
        forwarding={"header": CONSUMER_HEADER, "hide_credentials": True},
    )


def blocked_addresses() -> Json:
    """Refuses clients of a range of addresses, as a load balancer has passed them on."""
    from_there = {"header": {"name": "x-forwarded-for", "string_match": {"prefix": BLOCKED_ADDRESSES}}}
    policy = {"permissions": [{"any": True}], "principals": [from_there]}
    return _filter("rbac", "rbac.v3.RBAC", rules={"action": "DENY", "policies": {"ip-blocklist": policy}})


def rate_limit() -> Json:
    """Limits the rate of the routes that say how much they let through."""
    return _filter("local_ratelimit", "local_ratelimit.v3.LocalRateLimit", stat_prefix="demo_rate_limit")


def cache() -> Json:
    """Answers by itself what an upstream has let it keep, on the routes that say so.

    On others it would hide why an upstream was not reached: it asks upstreams by a client of its own.
    """
    kept = {"@type": f"{EXTENSIONS}.http.cache.simple_http_cache.v3.SimpleHttpCacheConfig"}
    return {**_filter("cache", "cache.v3.CacheConfig", typed_config=kept), "disabled": True}


def cached() -> Json:
    """What a route says to be cached."""
    on = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "config": {}}
    return {"envoy.filters.http.cache": on}


def router() -> Json:
    return _filter("router", "router.v3.Router")


def export_limit() -> Json:
    """The limit of a route: the first few of a minute."""
    return _limit_of_route(_bucket(EXPORTS_PER_MINUTE))


def limit_that_nothing_passes() -> Json:
    """A limit of a route whose requests each ask for two tokens of a bucket that holds one."""
    return _limit_of_route(
        _bucket(1),
        descriptors=[{"entries": [{"key": "generic_key", "value": "exact"}], "token_bucket": _bucket(1)}],
        rate_limits=[{"actions": [{"generic_key": {"descriptor_value": "exact"}}], "hits_addend": {"number": 2}}],
    )


def _filter(name: str, kind: str, **settings: object) -> Json:
    return {"name": f"envoy.filters.http.{name}", "typed_config": {"@type": f"{_FILTERS}.{kind}", **settings}}


def _limit_of_route(bucket: Json, **more: list[Json]) -> Json:
    everything = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    return {
        "envoy.filters.http.local_ratelimit": {
            "@type": f"{_FILTERS}.local_ratelimit.v3.LocalRateLimit",
            "stat_prefix": "demo_rate_limit",
            "token_bucket": bucket,
            "filter_enabled": everything,
            "filter_enforced": everything,
            **more,
        }
    }


def _bucket(tokens_a_minute: int) -> Json:
    return {"max_tokens": tokens_a_minute, "tokens_per_fill": tokens_a_minute, "fill_interval": "60s"}
