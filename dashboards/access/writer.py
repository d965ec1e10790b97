"""Who may change something over the HTTP API."""

from fastapi import Request

from dashboards.errors import WriteNotAllowed


def writer_of(request: Request) -> str:
    """In whose name a request changes something; raises WriteNotAllowed. Without a gate in front there is nobody."""
    writer = str(getattr(request.state, "writer", ""))
    if not writer:
        raise WriteNotAllowed(
            "A token only reads. Sign in, or use the command on the machine of Gatelens, as `gatelens alerts silence`."
        )
    return writer
