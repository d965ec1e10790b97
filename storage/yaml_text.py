"""YAML that people write; reading it fails with one kind of error."""

import errno
import os
import stat
from pathlib import Path
from typing import Any

import yaml

# Values that a text may stand for by its aliases; far more than any file of ours has.
_MOST_BY_ALIASES = 1_000_000
# Characters of what people write on a page or send to the API: PyYAML reads no more of them in some seconds.
LONGEST_DEFINITION = 200_000
# Of a file that is read whole; the largest documents of APIs that are public have half of it.
_MOST_BYTES = 64 << 20


def read_yaml(text: str, *, is_long: bool = False) -> Any:
    """What the text says, by libyaml where it `is_long`. Raises yaml.YAMLError, and nothing else.

    PyYAML raises other errors for a time such as 2026-13-45, a number of thousands of digits, and deep nesting. It lets
    aliases of aliases stand for more than any machine could go through.
    """
    try:
        found = yaml.load(text, yaml.CSafeLoader) if is_long else yaml.safe_load(text)
        if "&" in text and _size(found, {}) > _MOST_BY_ALIASES:
            raise yaml.YAMLError("its aliases stand for too much; write out what they stand for")
    except (ValueError, OverflowError) as error:
        raise yaml.YAMLError(f"{error}; put what is no number and no time into quotes") from None
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply, or stands within itself") from None
    return found


def read_yaml_file(path: Path, *, is_long: bool = False) -> Any:
    """What a file says. Raises OSError, UnicodeDecodeError, yaml.YAMLError.

    A pipe or a device, from which reading might never end, and a file of more than 64 MiB are refused as the system
    refuses what it cannot read.
    """
    # A pipe that nobody writes to would be waited for where it is opened.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "It is no regular file", str(path))
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise OSError(errno.EFBIG, f"It has more than {_MOST_BYTES >> 20} MiB", str(path))
    return read_yaml(content.decode(), is_long=is_long)


def _size(value: Any, known: dict[int, int]) -> int:
    """How many values there are in it, one that several aliases stand for counted for each of them."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        inner = [*value, *value.values()] if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_size(one, known) for one in inner)
    return known[id(value)]
