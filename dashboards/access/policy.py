"""When signing in is required."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

SignInMode = Literal["auto", "required"]


@dataclass
class SignInPolicy:
    """As the settings of the pages' listener and the existence of an administrator have it."""

    mode: SignInMode
    is_loopback: bool
    allow_unauthenticated: bool
    has_administrator: Callable[[], bool]
    open_metrics: bool = False
    _had_administrator: bool = False

    def is_required(self) -> bool:
        """Whether strangers see nothing. An administrator closes the pages for good."""
        if self.mode == "required":
            return True
        if self.allow_unauthenticated:
            return False
        if not self.is_loopback:
            return True
        self._had_administrator = self._had_administrator or self.has_administrator()
        return self._had_administrator
