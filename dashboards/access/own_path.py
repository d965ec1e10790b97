"""Where to go after signing in."""

from urllib.parse import urlsplit


def own_path(wanted: str) -> str:
    """The path with its query where it is one of ours, else '/': a link to the sign-in page leads nowhere else."""
    if not wanted.startswith("/") or wanted.startswith("//") or "\\" in wanted:
        return "/"
    # Browsers leave tabs and line ends out, so that /<tab>/host would become //host.
    if any(ord(letter) <= 0x20 or ord(letter) == 0x7F for letter in wanted):
        return "/"
    try:
        address = urlsplit(wanted)
    except ValueError:
        return "/"
    return "/" if address.scheme or address.netloc else wanted
