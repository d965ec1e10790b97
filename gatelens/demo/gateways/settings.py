"""What all settings of Envoy are written with."""

from typing import Any

Json = dict[str, Any]

EXTENSIONS = "type.googleapis.com/envoy.extensions"
