"""Icons, drawn in the colour of the text around them."""

from typing import Any

from dash import html
from dash.development.base_component import Component


def icon(name: str, size: int = 18) -> Component:
    """A file of assets/icons by its name without '.svg'."""
    hidden: dict[str, Any] = {"aria-hidden": "true"}
    style = {"maskImage": f"url(/assets/icons/{name}.svg)", "width": size, "height": size}
    return html.Span(className="icon", style=style, **hidden)
