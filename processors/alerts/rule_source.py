"""The rules that hold now: those of the file and those that people made, read again when they change."""

import hashlib
import logging
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path

import yaml
from pydantic import ValidationError

from processors.alerts.channels.receiver import Receiver
from processors.alerts.receiver_definition import checked, receiver_name, receiver_of, shown
from processors.alerts.rule_file import RuleFile, complaint, load_rules
from processors.alerts.rules.kinds.kinds import KINDS, kind_of
from processors.alerts.rules.rule import Rule
from processors.alerts.store.rule_store import RuleStore, Stored, StoredRule
from processors.errors import InvalidReceiver, InvalidRule, UnknownAlert
from storage.errors import ConfigError
from storage.yaml_text import LONGEST_DEFINITION, read_yaml

_log = logging.getLogger(__name__)


class Origin(StrEnum):
    """Where a rule is written, which is where it can be changed."""

    FILE = "file"
    STORED = "stored"


@dataclass(frozen=True)
class RuleSet:
    """All that holds at one moment. Receivers and routes of the file serve stored rules too."""

    # With the receivers that people made, which serve all rules and routes.
    file: RuleFile = field(default_factory=RuleFile)
    stored: Mapping[str, Rule] = field(default_factory=dict)
    # The names of those receivers.
    stored_receivers: tuple[str, ...] = ()

    @cached_property
    def written(self) -> Mapping[str, Rule]:
        """By name, those that are switched off too; a rule of the file goes before a stored one."""
        kept = {name: rule for name, rule in self.stored.items() if name not in self.file.by_name}
        return {**self.file.by_name, **kept}

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """Those that are evaluated, by name."""
        return {name: rule for name, rule in self.written.items() if rule.enabled}

    def origin(self, name: str) -> Origin:
        return Origin.FILE if name in self.file.by_name else Origin.STORED

    def receiver_origin(self, name: str) -> Origin:
        return Origin.STORED if name in self.stored_receivers else Origin.FILE


class RuleSource:
    """Reads the rule file, and the rules of the store once it has one; a broken file keeps the rules before it."""

    def __init__(
        self, path: Path | None = None, file: RuleFile | None = None, environment: Mapping[str, str] = os.environ
    ) -> None:
        """Raises ConfigError where the file cannot be used; `file` is for rules that stand in none."""
        self._path = path
        self._environment = environment
        self._lock = threading.Lock()
        # Held from what is stored to what holds, so that reading undoes nothing that was just written.
        self._storing = threading.Lock()
        self._seen = self._digest()
        self._file = file or (load_rules(path, environment) if path is not None else RuleFile())
        self._receivers: tuple[Receiver, ...] = ()
        self._current = RuleSet(self._file)
        self._store: RuleStore | None = None
        self._stored: tuple[Sequence[StoredRule], Sequence[Stored]] = ((), ())
        self._fault = ""
        self._stored_faults: dict[str, str] = {}

    @property
    def current(self) -> RuleSet:
        return self._current

    @property
    def fault(self) -> str:
        """Why the file as it is now, or a stored rule, cannot be used; '' while all can."""
        return " ".join(filter(None, (self._fault, *self._stored_faults.values(), *self._without_receiver())))

    def attach(self, store: RuleStore) -> None:
        """Read the rules that people made as they are now, and keep them in this store. Raises StoreError."""
        self._store = store
        with self._storing:
            self._read_stored()

    def refresh(self) -> bool:
        """Read the file again if it has changed; whether other rules hold now."""
        digest = self._digest()
        if self._path is None or digest == self._seen:
            return False
        self._seen = digest
        try:
            file = load_rules(self._path, self._environment)
        except ConfigError as error:
            self._fault = str(error)
            _log.error(
                "The rule file has changed and cannot be used; the rules before it hold.", extra={"error": str(error)}
            )
            return False
        self._fault = ""
        with self._lock:
            self._file = file
            self._current = self._with_receivers(self._current.stored)
        _log.info("The rule file was read again.", extra={"rules": len(file.by_name)})
        return True

    def stored(self) -> list[StoredRule]:
        """The rules that people made, as they wrote them. Raises StoreError."""
        return self._stored_rules().load()

    def put(self, definition: str, author: str, now: datetime) -> Rule:
        """Make or replace a stored rule, given as YAML; raises InvalidRule, StoreError."""
        rule = self.parse(definition)
        if self._current.origin(rule.name) is Origin.FILE:
            raise InvalidRule(f"{rule.name!r} stands in the rule file; change it there, or choose another name.")
        with self._storing:
            self._stored_rules().save(StoredRule(rule.name, definition, author, now))
            self._read_stored()
        return rule

    def delete(self, name: str, author: str, now: datetime) -> None:
        """Delete a stored rule; raises InvalidRule for one of the file, UnknownAlert, StoreError."""
        if name not in self._current.written:
            raise UnknownAlert(f"There is no rule {name!r}; /api/v1/alerts/rules lists those that there are.")
        if self._current.origin(name) is Origin.FILE:
            raise InvalidRule(f"{name!r} stands in the rule file; delete it there.")
        with self._storing:
            self._stored_rules().delete(StoredRule(name, "", author, now))
            self._read_stored()

    def receiver(self, name: str) -> Receiver:
        """One of the file or a stored one; raises UnknownAlert."""
        receivers = self._current.file.routing.receivers
        if name not in receivers:
            known = ", ".join(receivers) or "none yet"
            raise UnknownAlert(f"There is no receiver {name!r}; there are: {known}.")
        return receivers[name]

    def receiver_definition(self, name: str) -> str:
        """A stored receiver in YAML, without its secrets; '' where none is stored. Raises StoreError."""
        stored = self._stored_receiver(name)
        return shown(stored.definition) if stored is not None else ""

    def put_receiver(self, definition: str, author: str, now: datetime) -> Receiver:
        """Make or replace a stored receiver, given as YAML; a secret that is `(kept)` stays as it is.

        Raises InvalidReceiver, StoreError.
        """
        name = receiver_name(definition)
        before = self._stored_receiver(name)
        had = yaml.safe_load(before.definition) if before is not None else {}
        receiver, whole = receiver_of(definition, had)
        if receiver.name in {one.name for one in self._file.receivers}:
            raise InvalidReceiver(
                f"{receiver.name!r} stands in the rule file; change it there, or choose another name."
            )
        with self._storing:
            self._stored_rules().receivers.save(Stored(receiver.name, whole, author, now))
            self._read_stored()
        return receiver

    def delete_receiver(self, name: str, author: str, now: datetime) -> None:
        """Delete a stored receiver that no rule names; raises InvalidReceiver, UnknownAlert, StoreError."""
        if name in {one.name for one in self._file.receivers}:
            raise InvalidReceiver(f"{name!r} stands in the rule file; delete it there.")
        if self._stored_receiver(name) is None:
            raise UnknownAlert(f"There is no receiver {name!r}; /api/v1/alerts/receivers lists those that there are.")
        named = [rule.name for rule in self._current.written.values() if rule.receiver == name]
        if named:
            raise InvalidReceiver(f"{name!r} is the receiver of {', '.join(named)}; give these another receiver first.")
        with self._storing:
            self._stored_rules().receivers.delete(Stored(name, "", author, now))
            self._read_stored()

    def _stored_receiver(self, name: str) -> Stored | None:
        return next((one for one in self._stored_rules().receivers.load() if one.name == name), None)

    def parse(self, definition: str) -> Rule:
        """The rule that a YAML text is, under the receivers and routes that there are; raises InvalidRule."""
        return parse_rule(definition, self._current.file)

    def _stored_rules(self) -> RuleStore:
        if self._store is None:
            raise InvalidRule("Rules cannot be stored before alerting has started; try again in a moment.")
        return self._store

    def _read_stored(self) -> None:
        store = self._stored_rules()
        given = rules, receivers_given = store.load(), store.receivers.load()
        if given == self._stored:
            return
        self._stored = given
        found: dict[str, Rule] = {}
        faults: dict[str, str] = {}
        for stored in rules:
            try:
                found[stored.name] = rule_of(yaml.safe_load(stored.definition))
            except InvalidRule as error:
                faults[stored.name] = f"The stored rule {stored.name!r} is not evaluated. {error}"
                _log.error("A stored rule cannot be used.", extra={"rule": stored.name, "error": str(error)})
        receivers = _usable(receivers_given, faults)
        with self._lock:
            self._stored_faults = faults
            if receivers == self._receivers:
                self._current = replace(self._current, stored=found)
            else:
                self._receivers = receivers
                self._current = self._with_receivers(found)

    def _with_receivers(self, stored: Mapping[str, Rule]) -> RuleSet:
        """The file with the receivers that people made, but for those whose names it has itself."""
        written = {receiver.name for receiver in self._file.receivers}
        added = tuple(receiver for receiver in self._receivers if receiver.name not in written)
        file = self._file.model_copy(update={"receivers": (*self._file.receivers, *added)}) if added else self._file
        return RuleSet(file, stored, tuple(receiver.name for receiver in added))

    def _without_receiver(self) -> list[str]:
        """Complaints about stored rules that no receiver would hear of, as the file has changed since."""
        file = self._current.file
        receivers = {receiver.name for receiver in file.receivers}
        return [
            f"The stored rule {name!r} notifies nobody: the rule file has no receiver {rule.receiver!r} and no route."
            for name, rule in self._current.stored.items()
            if file.route is None and rule.receiver not in receivers
        ]

    def _digest(self) -> str:
        """Of the file's content: a change of its time alone is none, and a mounted file may change without one."""
        if self._path is None:
            return ""
        try:
            return hashlib.sha256(self._path.read_bytes()).hexdigest()
        except OSError as error:
            return f"unreadable: {error.errno}"


def _usable(stored: Sequence[Stored], faults: dict[str, str]) -> tuple[Receiver, ...]:
    """The receivers that people made; why any cannot be used goes into `faults`."""
    found: list[Receiver] = []
    for one in stored:
        try:
            found.append(checked(yaml.safe_load(one.definition)))
        except InvalidReceiver as error:
            faults[f"receiver {one.name}"] = f"The stored receiver {one.name!r} gets no notifications. {error}"
    return tuple(found)


def parse_rule(definition: str, file: RuleFile) -> Rule:
    """The rule of a YAML text, under the receivers of a file; raises InvalidRule with every fault."""
    if len(definition) > LONGEST_DEFINITION:
        raise InvalidRule(f"A rule has at most {LONGEST_DEFINITION:,} characters; make it shorter.")
    try:
        rule = rule_of(read_yaml(definition))
    except yaml.YAMLError:
        raise InvalidRule("The rule is not YAML; write one with the keys of docs/alerts.md.") from None
    receivers: Sequence[str] = [receiver.name for receiver in file.receivers]
    if not rule.receiver and file.route is None:
        raise InvalidRule("The rule cannot be used: receiver: is missing; add it, or a route to the rule file.")
    if rule.receiver and rule.receiver not in receivers:
        known = ", ".join(receivers) or "those that you add to the rule file"
        raise InvalidRule(f"The rule cannot be used: receiver: {rule.receiver!r} is no receiver; use one of {known}.")
    return rule


def rule_of(given: object) -> Rule:
    """The rule that a mapping is, whatever its receiver; raises InvalidRule with every fault."""
    kind = KINDS.get(kind_of(given))
    if not isinstance(given, dict) or kind is None:
        known = ", ".join(KINDS)
        raise InvalidRule(f"The rule is no mapping of keys with a kind of {known}; docs/alerts.md has every key.")
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        faults = [f"{': '.join(map(str, one['loc'])) or 'rule'}: {complaint(one, kind, one['loc'])}" for one in details]
        raise InvalidRule(f"The rule cannot be used: {'; '.join(faults)}") from None


def rules_yaml(rules: Sequence[StoredRule]) -> str:
    """Stored rules as a rule file has them."""
    return yaml.safe_dump(
        {"rules": [yaml.safe_load(rule.definition) for rule in rules]}, sort_keys=False, allow_unicode=True
    )
