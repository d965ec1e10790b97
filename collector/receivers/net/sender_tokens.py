"""The tokens of senders: how they are presented, and who looks them up."""

import base64
from collections.abc import Callable
from typing import Literal

# Whose token it is; None where it is no good one.
FindSender = Callable[[str], str | None]
SenderTokenMode = Literal["auto", "required"]

NEEDED = "A valid token is needed; send one that `gatelens token create NAME --for send` made"


def token_of(authorization: str) -> str:
    """The token in a header Authorization; '' where it holds none."""
    scheme, _, credentials = authorization.strip().partition(" ")
    if scheme.lower() in ("bearer", "splunk"):
        return credentials.strip()
    if scheme.lower() == "basic":
        try:
            # Of user:password, the password; any user is good.
            return base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[2]
        except ValueError:
            return ""
    return ""
