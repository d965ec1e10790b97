"""What the demo adds to the user's configuration: alert rules, objectives, and a catalogue of its APIs."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gatelens.configuration.config import AlertsConfig, Config
from gatelens.demo.inbox import Inbox
from gatelens.demo.model import ENVIRONMENT
from processors.catalogue.config import CatalogueConfig, CataloguedApi
from processors.slo.objective import Objective

_INBOX = "@inbox@"
_FILES = Path(__file__).parent

_ORDERS, _CATALOG = (_FILES / "openapi" / f"{name}.yaml" for name in ("orders", "catalog"))

CATALOGUE = CatalogueConfig(
    apis=(
        CataloguedApi(name="orders", owner="Team Checkout", tags=("shop",), document=_ORDERS),
        CataloguedApi(name="payments", owner="Team Money", tags=("shop", "pci")),
        CataloguedApi(name="catalog", owner="Team Shop", tags=("shop",), document=_CATALOG),
        CataloguedApi(name="customers", owner="Team Accounts", tags=("internal",)),
        CataloguedApi(name="shipping", owner="Team Logistics"),
        # Nobody calls it: a zombie.
        CataloguedApi(name="vouchers", owner="Team Shop", tags=("shop",)),
    ),
    consumers=_FILES / "consumers.yaml",
)


def _objective(name: str, description: str, *conditions: str, **more: object) -> Objective:
    filters = (f"environment={ENVIRONMENT}", *conditions)
    return Objective.model_validate({"name": name, "description": description, "filters": filters, **more})


OBJECTIVES = (
    _objective("orders answer", "Both versions, through all gateways.", "api=orders", target=0.99, period="7d"),
    _objective("customers answer", "An outage each hour spends it.", "api=customers", target=0.995, period="7d"),
    _objective("payments answer", "The provider has bad evenings.", "api=payments", target=0.98, period="30d"),
    _objective(
        "catalog is fast", "Within 50 ms.", "api=catalog", kind="latency", threshold_ms=50, target=0.99, period="7d"
    ),
)


@contextmanager
def demo_configuration(config: Config, directory: Path) -> Iterator[Config]:
    """The user's configuration, with the demo's own where it has none; `directory` is the demo's."""
    changes: dict[str, object] = {}
    if not config.slos:
        changes["slos"] = OBJECTIVES
    if not config.catalogue.apis and config.catalogue.consumers is None:
        changes["catalogue"] = CATALOGUE
    if config.alerts.rules is not None:
        yield config.model_copy(update=changes)
        return
    rules = (_FILES / "alerts.yaml").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="gatelens-demo-") as temporary, Inbox(directory) as inbox:
        path = Path(temporary) / "alerts.yaml"
        path.write_text(rules.replace(_INBOX, inbox.url), encoding="utf-8")
        yield config.model_copy(update={**changes, "alerts": AlertsConfig(rules=path)})
