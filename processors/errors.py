"""What is worked out from the tables, and cannot be."""

from storage.errors import GatelensError


class InvalidReport(GatelensError):
    """The requested report cannot be made; the message says what can be."""


class InvalidSilence(GatelensError):
    """The silence is invalid; the message says how to write one."""


class InvalidRule(GatelensError):
    """The rule is invalid; the message lists every fault and its cure."""


class InvalidReceiver(GatelensError):
    """The receiver is invalid; the message lists every fault and its cure, without secrets."""


class UnknownAlert(GatelensError):
    """No such alert, rule, silence or receiver; the message says where to find the existing ones."""


class InvalidAnnotation(GatelensError):
    """The annotation is invalid; the message says how to write one."""


class InvalidSavedView(GatelensError):
    """The view cannot be saved; the message says why."""


class InvalidDashboard(GatelensError):
    """The dashboard is invalid; the message lists every fault with its line and cure."""


class UnknownEntry(GatelensError):
    """No such annotation, saved view or dashboard; the message says where to find the existing ones."""


class InvalidQuestion(GatelensError):
    """The question cannot be answered; the message says what can be asked."""


class UnknownRollup(GatelensError):
    """No such rollup; the message lists those that exist."""


class RebuildImpossible(GatelensError):
    """These rollups cannot be rebuilt; the message says which can."""


class InvalidObjective(GatelensError):
    """The objective is invalid; the message lists every fault."""


class ObjectiveExists(GatelensError):
    """An objective that may not be made or changed so, as there is another of its name."""


class InvalidReplay(GatelensError):
    """The chosen dead letters cannot be replayed as asked; the message says which can."""


class ReplayUnderWay(GatelensError):
    """Dead letters are being read again already; one run after the other."""
