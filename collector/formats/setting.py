"""A format by its name, as a setting."""

from typing import Annotated

from pydantic import AfterValidator, ValidationInfo

from collector.formats.formats import FORMATS
from collector.formats.registry import Formats


def _is_known(name: str, info: ValidationInfo) -> str:
    formats: Formats = (info.context or {}).get("formats", FORMATS)
    if name and name not in formats.names_of_text:
        raise ValueError(f"{name!r} is not a format of lines or records; use one of {', '.join(formats.names_of_text)}")
    return name


# Empty, or the name of a format whose payloads are text: of those in the validation's context, else of the built-in.
TextFormat = Annotated[str, AfterValidator(_is_known)]
