"""Claims of tokens, as SQL. Signatures are not looked at: who could forge one could forge the log."""

from collector.formats.shared.literal import literal

# A whole JWT, also behind `Bearer`; the part of one that holds its claims, as Envoy passes it on; or that as JSON.
_CLAIMS = (
    "if(startsWith({token}, '{{'), {token}, tryBase64URLDecode("
    "splitByChar('.', {token})[countSubstrings({token}, '.') = 2 ? 2 : 1]))"
)


def key_of(key: str, claim: str) -> str:
    """Under which key a claim is kept, so that the token need not be."""
    return f"{key}.{claim}"


def claim_in(value: str, claim: str) -> str:
    """A claim of what is or holds a token; '' where it has none such."""
    token = f"replaceRegexpOne({value}, '^[Bb]earer +', '')"
    return f"JSONExtract({_CLAIMS.format(token=token)}, {literal(claim)}, 'String')"
