"""Which gateways and instances a page is about."""

from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.query.filters import Filter, Operator
from processors.resources.instance_filter import InstanceFilter

PATH = "/gateways"
INSTANCE = "instance"

_EXACT = ("environment", "gateway", "instance")


def implied(view: View) -> tuple[Filter, ...]:
    """What the address of a gateway or an instance narrows to."""
    names = {"gateway": view.item(PATH), "instance": view.parameter(INSTANCE)}
    return tuple(Filter(name, values=(value,)) for name, value in names.items() if value and view.item(PATH))


def instance_filter(context: PageContext) -> InstanceFilter:
    """The environment, gateway and instance that filters name, if they name a single one."""
    found = {
        one.dimension: one.values[0]
        for one in (*context.view.filters, *context.implied)
        if one.operator is Operator.IN and one.dimension in _EXACT and len(one.values) == 1
    }
    return InstanceFilter(**found)


def gateway_href(view: View, environment: str, gateway: str, instance: str = "") -> str:
    """The page of a gateway, or of one of its instances."""
    to = view.to(PATH, gateway)
    if environment:
        to = to.with_filter(Filter("environment", values=(environment,)))
    return to.setting(**{INSTANCE: instance}).href()
