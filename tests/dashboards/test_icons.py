"""Icons stand in the document itself."""

import re
from pathlib import Path
from urllib.parse import unquote

import dashboards
from dashboards.components.icon import icon, icon_variables

_FOLDER = Path(dashboards.__file__).with_name("assets") / "icons"


def test_each_icon_is_there() -> None:
    found = dict(re.findall(r'--icon-([\w-]+):url\("data:image/svg\+xml,([^"]+)"\);', icon_variables()))
    assert {name: unquote(drawing) for name, drawing in found.items()} == {
        path.stem: " ".join(path.read_text().split()) for path in _FOLDER.glob("*.svg")
    }


def test_an_icon_is_drawn_by_its_name() -> None:
    assert vars(icon("search"))["style"]["maskImage"] == "var(--icon-search)"
    assert "--icon-search:" in icon_variables()
