"""Addresses as the settings have them."""


def with_port(listen: str, port: int) -> str:
    """An address and the port that was got there, where the settings may leave it open."""
    return f"{listen.rpartition(':')[0]}:{port}"
