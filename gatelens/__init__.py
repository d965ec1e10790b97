"""The command, the configuration, the one-process supervisor and the demo."""

from importlib.metadata import version

__version__ = version("gatelens")
