"""Lines that do not tell their time, where whoever hands them on does: it is put before them."""

import re

# Formats that have such lines.
FORMATS = frozenset({"flex"})
PATTERN = r"\[[a-z-]+\](?! *\[\d)"
LINE = re.compile(PATTERN)
