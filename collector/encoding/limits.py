"""How much a body may hold: as an object of ours, two bytes of JSON are a hundred."""

from collector.errors import PayloadTooLarge

MOST_OBJECTS = 4 << 20


def check_objects(body: bytes, sign: bytes = b"{", most: int = MOST_OBJECTS) -> None:
    """Raise PayloadTooLarge where a body has more of what begins or ends an object than can be held in memory."""
    found = body.count(sign)
    if found > most:
        raise PayloadTooLarge(
            f"The body has {found} times {sign.decode()!r}, {most} are taken at once; send smaller batches."
        )


def body_too_large(limit: int) -> PayloadTooLarge:
    """The error for a body that, as it was sent or unpacked, is larger than so many bytes."""
    return PayloadTooLarge(f"The body is larger than {limit} bytes; send smaller batches or raise the limit.")
