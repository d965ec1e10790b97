"""Which requests a rule is about, as rule files write it."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import BeforeValidator

from processors.errors import InvalidQuestion
from processors.query.absent import ABSENT, NO_ROUTE, UNVERSIONED
from processors.query.dimensions import DIMENSIONS, dimension
from processors.query.filters import Filter, Operator, parse_filter

# What rule files called them before there was one list of dimensions.
_FORMER = {"api_version": "version"}
_ATTRIBUTE = "attribute:"


def _filters(value: object) -> object:
    """From texts such as `status!=404`, or from a mapping of dimensions to a value or a list of values."""
    try:
        if isinstance(value, Mapping):
            return tuple(_chosen(str(name), values) for name, values in value.items())
        if isinstance(value, Iterable) and not isinstance(value, str):
            return tuple(one if isinstance(one, Filter) else parse_filter(str(one)) for one in value)
    except InvalidQuestion as error:
        raise ValueError(str(error)) from None
    raise ValueError("is no filter; write {api: orders}, or texts as in ['api=orders', 'status!=404']")


def _chosen(name: str, values: object) -> Filter:
    name = _FORMER.get(name, name)
    if values in ("", [], None):
        raise ValueError(
            f"{name}: an empty value selects nothing; leave the key out for all, or write {NO_ROUTE!r} for an api and"
            f" {UNVERSIONED!r} for a version that requests lack"
        )
    given = values if isinstance(values, list | tuple) else [values]
    texts = tuple("" if str(one) == ABSENT.get(name) else str(one) for one in given)
    return Filter(name, Operator.IN, texts)


def _dimensions(value: object) -> object:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, Iterable):
        raise ValueError("is no list of dimensions; write one such as [environment, api]")  # noqa: TRY004
    known = []
    for name in names:
        name = _FORMER.get(str(name), str(name))  # noqa: PLW2901
        try:
            dimension(name)
        except InvalidQuestion:
            raise ValueError(
                f"{name!r} is not a dimension; use any of {', '.join(DIMENSIONS)}, {_ATTRIBUTE}NAME"
            ) from None
        known.append(name)
    return tuple(dict.fromkeys(known))


Filters = Annotated[tuple[Filter, ...], BeforeValidator(_filters)]
Dimensions = Annotated[tuple[str, ...], BeforeValidator(_dimensions)]


def pinned(filters: Iterable[Filter]) -> dict[str, str]:
    """The dimensions that have just one value, which alerts carry as labels."""
    return {
        label_name(chosen.dimension): label_value(chosen.dimension, chosen.values[0])
        for chosen in filters
        if chosen.operator is Operator.IN and len(chosen.values) == 1
    }


def equal(name: str, value: str) -> Filter:
    """What has a value, as a label says it; an empty one is what has none."""
    if not value or value == ABSENT.get(name):
        return Filter(name, Operator.ABSENT)
    return Filter(name, Operator.IN, (value,))


def label_name(name: str) -> str:
    """A dimension as the name of a label, of letters, digits and _."""
    return "".join(character if character.isalnum() else "_" for character in name)


def label_value(name: str, value: str) -> str:
    """A value as a label; what is absent has a name where the dimension gives it one."""
    return value or ABSENT.get(name, "")
