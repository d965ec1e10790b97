"""The packs of ready rules."""

from importlib.resources import files
from typing import Literal, get_args

import yaml
from pydantic import TypeAdapter

from processors.alerts.rules.kinds.kinds import AnyRule
from processors.alerts.rules.rule import Rule

Pack = Literal["apis", "mule", "mesh", "proxies", "unusual", "certificates", "pipeline"]

PACKS: tuple[Pack, ...] = get_args(Pack)


def rules_of(pack: Pack) -> tuple[Rule, ...]:
    """The rules of a pack, which name no receiver."""
    text = files("processors.alerts.ready").joinpath(f"{pack}.yaml").read_text(encoding="utf-8")
    adapter: TypeAdapter[tuple[Rule, ...]] = TypeAdapter(tuple[AnyRule, ...])
    return adapter.validate_python(yaml.safe_load(text))
