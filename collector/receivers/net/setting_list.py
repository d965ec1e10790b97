"""Lists of names, paths and addresses as settings: of an environment variable, with commas between them."""

from typing import Annotated, TypeVar

from pydantic import BeforeValidator

Item = TypeVar("Item")


def _parts(value: object) -> object:
    return [part for text in value.split(",") if (part := text.strip())] if isinstance(value, str) else value


SettingList = Annotated[tuple[Item, ...], BeforeValidator(_parts)]
