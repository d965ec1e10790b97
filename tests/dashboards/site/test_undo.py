"""A change that is taken back: by the form that tells of it, once, and only by somebody who may write."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from dashboards.errors import WriteNotAllowed
from dashboards.page import Done
from dashboards.site.forms import Forms
from dashboards.state.view import View

_VIEW = View("/annotations", start="now-7d")


class Kept:
    """What there is, and who changed it last."""

    def __init__(self) -> None:
        self.names = {"orders"}
        self.writer = ""
        self.forms = Forms(cast(Any, None), lambda: datetime(2026, 3, 2, tzinfo=UTC), {}, {"delete": self._delete})

    def _delete(self, view: View, _entered: object, writer: str) -> Done:
        self.names.remove("orders")
        self.writer = writer

        def undo(writer: str) -> None:
            self.names.add("orders")
            self.writer = writer

        return Done(view, "It is deleted.", undo=undo)

    def take(self, name: str, writer: str = "ann", **values: str) -> dict[str, Any]:
        def who() -> str:
            if not writer:
                raise WriteNotAllowed("Sign in.")
            return writer

        return self.forms.take(name, _VIEW, list(values.items()), who)


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_what_was_deleted_is_there_again_once(kept: Kept) -> None:
    token = kept.take("delete")["undo"]
    assert kept.names == set()
    assert kept.take("undo", "bob", token=token) == {"go": _VIEW.href(), "message": "Undone."}
    assert (kept.names, kept.writer) == ({"orders"}, "bob")
    kept.take("delete")
    assert "can no longer be undone" in kept.take("undo", token=token)["fault"]
    assert kept.names == set()


def test_who_may_not_write_takes_nothing_back(kept: Kept) -> None:
    token = kept.take("delete")["undo"]
    assert kept.take("undo", "", token=token) == {"fault": "Sign in."}
    assert kept.names == set()
    kept.take("undo", token=token)
    assert kept.names == {"orders"}


def test_only_the_last_changes_are_kept(kept: Kept) -> None:
    token = kept.take("delete")["undo"]
    for _ in range(100):
        kept.names.add("orders")
        kept.take("delete")
    assert "can no longer be undone" in kept.take("undo", token=token)["fault"]
