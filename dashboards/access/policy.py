"""Decides when signing in is required."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

SignInMode = Literal["auto", "required"]


@dataclass
class SignInPolicy:
    """Follows from the settings of the pages' listener and from whether there is an administrator."""

    mode: SignInMode
    is_loopback: bool
    allow_unauthenticated: bool
    has_administrator: Callable[[], bool]
    open_metrics: bool = False
    _had_administrator: bool = False

    def is_required(self) -> bool:
        """Whether a session or token is needed. On loopback, once there has been an administrator, it stays so."""
        if self.mode == "required":
            return True
        if self.allow_unauthenticated:
            return False
        if not self.is_loopback:
            return True
        self._had_administrator = self._had_administrator or self.has_administrator()
        return self._had_administrator
