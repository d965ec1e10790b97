"""The identity of an alert: the hash of its labels that Prometheus and Alertmanager use.

FNV-1a of 64 bits over name, 0xff, value, 0xff of each label by name:
https://github.com/prometheus/common/blob/main/model/signature.go
"""

from collections.abc import Mapping

_OFFSET = 14695981039346656037
_PRIME = 1099511628211
_MASK = 2**64 - 1
# No byte of UTF-8, so that two sets of labels never run into the same bytes.
_SEPARATOR = b"\xff"


def fingerprint(labels: Mapping[str, str]) -> str:
    """16 hexadecimal digits."""
    value = _OFFSET
    for name in sorted(labels):
        for byte in name.encode() + _SEPARATOR + labels[name].encode() + _SEPARATOR:
            value = ((value ^ byte) * _PRIME) & _MASK
    return f"{value:016x}"
