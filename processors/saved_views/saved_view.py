"""A saved view: where a page is, under a name."""

import re
from dataclasses import dataclass
from datetime import datetime

from processors.errors import InvalidSavedView
from storage.untrusted_text import is_text

_MOST_NAME = 100
# As browsers and proxies take it.
_MOST_ADDRESS = 8_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class SavedView:
    """A page's path and query, with its range and filters. Raises InvalidSavedView."""

    name: str
    path: str
    # '?…'; '' for the defaults.
    query: str
    author: str
    updated_at: datetime

    def __post_init__(self) -> None:
        if not self.name or len(self.name) > _MOST_NAME or not is_text(self.name):
            raise InvalidSavedView(f"Give the view a name of 1 to {_MOST_NAME} characters.")
        # Browsers read a backslash as a slash, and leave control characters out: either would lead to another host.
        if not self.path.startswith("/") or self.path[1:2] in ("/", "\\") or _CONTROL.search(self.path + self.query):
            raise InvalidSavedView("A saved view is one of a page of Gatelens; open the page and save it there.")
        if len(self.path) + len(self.query) > _MOST_ADDRESS:
            raise InvalidSavedView(f"The address is longer than {_MOST_ADDRESS:,} characters; remove some filters.")
