"""The tokens of senders over gRPC, which come as metadata."""

from collections.abc import Iterable

from collector.receivers.net.sender_tokens import FindSender, token_of

_KEY = "authorization"


class SenderMetadata:
    """Knows whether the metadata of a call has a good token."""

    def __init__(self, find_sender: FindSender | None) -> None:
        """Without `find_sender` no call needs a token."""
        self._find_sender = find_sender

    def are_good(self, metadata: Iterable[tuple[str, str | bytes]] | None) -> bool:
        if self._find_sender is None:
            return True
        presented = (value for key, value in metadata or () if key == _KEY and isinstance(value, str))
        return self._find_sender(token_of(next(presented, ""))) is not None
