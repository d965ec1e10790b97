"""Objectives that people made, in the store."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from processors.errors import InvalidObjective
from processors.field_faults import field_complaint
from processors.slo.objective import Objective
from processors.time.moments import utc
from storage.sql import load
from storage.store import Store

_log = logging.getLogger(__name__)

_COLUMNS = ("name", "definition", "updated_by", "deleted", "updated_at")


@dataclass(frozen=True)
class StoredObjective:
    """An objective, and who made it or changed it last."""

    objective: Objective
    updated_by: str
    updated_at: datetime


def parse_objective(definition: Mapping[str, Any]) -> Objective:
    """The objective of a definition with the keys of the configuration; raises InvalidObjective with every fault."""
    try:
        return Objective.model_validate(definition)
    except ValidationError as error:
        faults = []
        for detail in error.errors(include_url=False):
            where = ".".join(map(str, detail["loc"]))
            complaint = field_complaint(detail, Objective, detail["loc"]).rstrip(".")
            faults.append(f"{where}: {complaint}" if where else complaint)
        raise InvalidObjective(f"The objective cannot be used. {'; '.join(faults)}.") from None


class ObjectiveStore:
    """The table slo_objectives."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> list[StoredObjective]:
        """All, by name. Raises StoreError."""
        found = []
        for name, definition, author, at in self._store.rows(load("processors.slo", "objectives")):
            try:
                objective = Objective.model_validate_json(definition)
            except ValidationError as error:
                _log.warning(
                    "A stored objective cannot be used; it is left out.", extra={"slo": name, "error": str(error)}
                )
                continue
            found.append(StoredObjective(objective, author, utc(at)))
        return found

    def put(self, one: StoredObjective) -> None:
        """Keep it in place of one of the same name. Raises StoreError."""
        self._put(one, deleted=False)

    def delete(self, one: StoredObjective) -> None:
        """Raises StoreError."""
        self._put(one, deleted=True)

    def _put(self, one: StoredObjective, *, deleted: bool) -> None:
        definition = json.dumps(one.objective.definition, ensure_ascii=False)
        row = [one.objective.name, definition, one.updated_by, int(deleted), one.updated_at]
        self._store.insert("slo_objectives", _COLUMNS, [row])
