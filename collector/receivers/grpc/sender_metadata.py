"""The metadata of gRPC calls: senders' tokens and keys."""

from collections.abc import Iterable

from collector.receivers.net.sender_tokens import FindSender, token_of

_KEY = "authorization"
_IDEMPOTENCY_KEY = "idempotency-key"

Metadata = Iterable[tuple[str, str | bytes]]


class SenderMetadata:
    """Knows whether the metadata of a call has a good token."""

    def __init__(self, find_sender: FindSender | None) -> None:
        """Without `find_sender` no call needs a token."""
        self._find_sender = find_sender

    def are_good(self, metadata: Metadata | None) -> bool:
        if self._find_sender is None:
            return True
        presented = (value for key, value in metadata or () if key == _KEY and isinstance(value, str))
        return self._find_sender(token_of(next(presented, ""))) is not None


def named_in(metadata: Metadata | None) -> str:
    """The Idempotency-Key of a call; '' without one."""
    return next((value for key, value in metadata or () if key == _IDEMPOTENCY_KEY and isinstance(value, str)), "")
