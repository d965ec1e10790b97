"""Files of the browser that one page alone needs."""

from pathlib import Path

# Not loaded with every page, as the others of assets are.
FOLDER = "on_demand"
_ASSETS = Path(__file__).parents[1] / "assets" / FOLDER


def on_demand(*names: str) -> list[str]:
    """The addresses of files, with the time of their last change, by which browsers may keep them for long."""
    return [f"/assets/{FOLDER}/{name}?m={(_ASSETS / name).stat().st_mtime}" for name in names]
