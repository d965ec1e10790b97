"""An annotation: what happened, when, and to which traffic."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from processors.errors import InvalidAnnotation, InvalidQuestion
from processors.query.filters import Filter, Operator, parse_filter
from storage.untrusted_text import is_text

_MOST_TEXT = 500
_MOST_TAGS = 20
_MOST_TAG = 100
_MOST_FILTERS = 20
_MOST_LINK = 2_000
_FIRST_YEAR, _LAST_YEAR = 1970, 2261


@dataclass(frozen=True)
class Annotation:
    """`end` is None for a moment. `filters` say which traffic it concerns, all of it where there are none."""

    id: str
    start: datetime
    end: datetime | None
    text: str
    tags: tuple[str, ...]
    # By a dimension and its values each.
    filters: tuple[Filter, ...]
    link: str
    author: str

    def concerns(self, filters: Sequence[Filter]) -> bool:
        """Whether it may concern the traffic that filters leave: none of them rules all of its values out."""
        own = {one.dimension: one.values for one in self.filters}
        return all(_leaves(one, own[one.dimension]) for one in filters if one.dimension in own)


def new_annotation(
    text: str,
    start: datetime,
    end: datetime | None = None,
    *,
    tags: Iterable[str] = (),
    filters: Iterable[str] = (),
    link: str = "",
    author: str = "",
) -> Annotation:
    """An annotation with an id of its own; `filters` are texts such as `api=orders`. Raises InvalidAnnotation."""
    words = tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    text, link = text.strip(), link.strip()
    _check_times(start, end)
    _check_texts(text, words, link)
    return Annotation(
        uuid.uuid4().hex,
        start.astimezone(UTC),
        end.astimezone(UTC) if end is not None else None,
        text,
        words,
        concerned(filters),
        link,
        author,
    )


def concerned(texts: Iterable[str]) -> tuple[Filter, ...]:
    """The filters of texts, each by values; raises InvalidAnnotation."""
    try:
        found = tuple(parse_filter(text.strip()) for text in texts if text.strip())
    except InvalidQuestion as error:
        raise InvalidAnnotation(str(error)) from None
    if len(found) > _MOST_FILTERS:
        raise InvalidAnnotation(f"An annotation has at most {_MOST_FILTERS} filters; leave some out.")
    for one in found:
        if one.operator is not Operator.IN:
            raise InvalidAnnotation(
                f"An annotation says whom it concerns by values, such as api=orders,payments; {one.text()!r} does not."
            )
    return found


def _check_times(start: datetime, end: datetime | None) -> None:
    for moment in (start, end):
        if moment is not None and moment.tzinfo is None:
            raise InvalidAnnotation(f"{moment.isoformat()} has no time zone; write it as in 2026-03-01T12:00:00Z.")
        # What the store's type can hold.
        if moment is not None and not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            raise InvalidAnnotation(f"Annotations are of the years {_FIRST_YEAR} to {_LAST_YEAR}, not {moment.year}.")
    if end is not None and end < start:
        raise InvalidAnnotation("The annotation ends before it starts; swap `start` and `end`.")


def _check_texts(text: str, tags: Sequence[str], link: str) -> None:
    if not all(map(is_text, (text, link, *tags))):
        raise InvalidAnnotation("The annotation holds half of a surrogate pair, which is no Unicode text; remove it.")
    if not text or len(text) > _MOST_TEXT:
        raise InvalidAnnotation(f"Say in 1 to {_MOST_TEXT} characters of `text` what happened.")
    if len(tags) > _MOST_TAGS or any(len(tag) > _MOST_TAG for tag in tags):
        raise InvalidAnnotation(f"An annotation has at most {_MOST_TAGS} tags of {_MOST_TAG} characters; shorten them.")
    if link and (len(link) > _MOST_LINK or not _is_web(link)):
        raise InvalidAnnotation("`link` is the address of a page, such as https://ci.example.com/builds/7.")


def _is_web(link: str) -> bool:
    # A link of another scheme could run a script in the page.
    try:
        address = urlsplit(link)
    except ValueError:
        return False
    return address.scheme in ("http", "https") and bool(address.netloc)


def _leaves(one: Filter, values: Sequence[str]) -> bool:
    if one.operator is Operator.IN:
        return any(value in one.values for value in values)
    if one.operator is Operator.NOT_IN:
        return any(value not in one.values for value in values)
    return one.operator is not Operator.ABSENT
