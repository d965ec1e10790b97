"""Kinds of policies, recognised by the names that gateways give them. A new one is an entry of KINDS."""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of policy. The first of KINDS that fits has the request."""

    name: str
    title: str
    # Found anywhere in the policy's name, in lower case and with spaces for '-', '_' and '.'.
    pattern: str
    # Envoy's response flags that mean it, where no policy is named.
    flags: frozenset[str] = frozenset()
    # HTTP statuses that mean it, where the name says nothing.
    statuses: frozenset[int] = frozenset()


# By the names of Mule's and Flex Gateway's policies, of Envoy's filters, and what formats make of flags and details.
# https://docs.mulesoft.com/gateway/latest/policies-included-directory
KINDS: tuple[Kind, ...] = (
    Kind("client_id", "Client ID enforcement", r"client ?id|clientid"),
    Kind("spike_control", "Spike control", r"spike"),
    Kind("caching", "Caching", r"cach"),
    Kind("cors", "CORS", r"\bcors\b|cross origin"),
    Kind("threat_protection", "Threat protection", r"threat|\bwaf\b|injection|modsecurity"),
    Kind("ip_list", "IP list", r"\bip ?(allow|block|white|black|restrict|filter|list|tag)|ip based"),
    Kind("jwt", "JWT validation", r"\bjwt"),
    Kind("oauth", "OAuth token", r"oauth|open ?id|\boidc\b|token (enforce|introspect)"),
    Kind("basic_authentication", "Basic authentication", r"\bbasic ?auth|http basic|\bldap\b"),
    Kind("api_key", "API key", r"api ?key"),
    Kind("rbac", "Role-based access", r"\brbac\b|role|authorization policy"),
    Kind("external_authorization", "External authorization", r"ext(ernal)? ?auth", frozenset({"UAEX"})),
    Kind("schema_validation", "Schema validation", r"schema|validation|spec"),
    Kind(
        "rate_limit", "Rate limit", r"rate ?limit|throttl|quota|\bsla\b|max req|tarpit", frozenset({"RL", "RLSE"}),
        frozenset({429}),
    ),
    Kind("authentication", "Authentication", r"auth", statuses=frozenset({401})),
    Kind("access", "Access denied", r"den(y|ied)|access", statuses=frozenset({403})),
)  # fmt: skip
OTHER = Kind("other", "Other policy", "")

TITLES = {kind.name: kind.title for kind in (*KINDS, OTHER)}
_PATTERNS = [(kind, re.compile(kind.pattern)) for kind in KINDS]
_BETWEEN_WORDS = re.compile(r"[-_.\s]+")


def kind_of(policy: str, flags: Sequence[str] = (), status: int = 0) -> Kind:
    """The kind of policy that ended a request: by its name, else by the flags, else by the status; OTHER for none."""
    name = _BETWEEN_WORDS.sub(" ", policy.lower())
    if policy:
        for kind, pattern in _PATTERNS:
            if pattern.search(name):
                return kind
    by_flags = next((kind for kind in KINDS if kind.flags & set(flags)), None)
    return by_flags or next((kind for kind in KINDS if status in kind.statuses), OTHER)
