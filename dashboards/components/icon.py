"""Icons, drawn in the colour of the text around them."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from dash import html
from dash.development.base_component import Component

_FOLDER = Path(__file__).parents[1] / "assets" / "icons"


def icon(name: str, size: int = 18) -> Component:
    """A file of assets/icons by its name without '.svg'."""
    hidden: dict[str, Any] = {"aria-hidden": "true"}
    style = {"maskImage": f"var(--icon-{name})", "width": size, "height": size}
    return html.Span(className="icon", style=style, **hidden)


def icon_variables() -> str:
    """A style sheet with `--icon-<name>` for each of them: a page has thirty, and each would be a request."""
    return f":root{{{''.join(f'--icon-{path.stem}:{_url(path)};' for path in sorted(_FOLDER.glob('*.svg')))}}}"


def _url(path: Path) -> str:
    drawing = " ".join(path.read_text(encoding="utf-8").split())
    return f'url("data:image/svg+xml,{quote(drawing, safe=" =/:")}")'
