"""The form of a planned policy: its kind, and what that kind takes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash import html
from dash.development.base_component import Component
from pydantic import TypeAdapter, ValidationError

from dashboards.components.attributes import attributes
from dashboards.pages.what_if.form_fields import FormField, entered, form, taken
from dashboards.panel import Panel
from dashboards.state.context import PageContext
from dashboards.state.view import View
from processors.errors import InvalidQuestion
from processors.query.answer import Answer
from processors.simulation.policies import Algorithm, AnyPolicy, Key, Scope

FORM = "what-if"
_KIND = "policy"

_KEYS = (
    (Key.CONSUMER.value, "Each consumer"),
    (Key.CLIENT_ADDRESS.value, "Each client address"),
    (Key.API.value, "Each API"),
    (Key.ALL.value, "All callers together"),
)
_ALGORITHM = FormField(
    "algorithm",
    "Window type",
    Algorithm.FIXED.value,
    ((Algorithm.FIXED.value, "Fixed windows"), (Algorithm.SLIDING.value, "Sliding window")),
)
_SCOPE = FormField(
    "scope",
    "Counted across",
    Scope.CLUSTER.value,
    ((Scope.CLUSTER.value, "All instances"), (Scope.INSTANCE.value, "Each instance by itself")),
)
_TIERS = FormField("tiers", "SLA tiers", has_lines=True, hint="One per line, e.g. gold 1000: mobile-app, web-shop")
_TIER = re.compile(r"(?P<name>.*\S)\s+(?P<limit>\d+)\s*:(?P<consumers>.+)")
_NETWORKS = "Addresses or networks such as 10.0.0.0/8, one per line"
# Of fields, those that are lists.
_LISTS = ("allow", "block")
_ANY_POLICY: TypeAdapter[AnyPolicy] = TypeAdapter(AnyPolicy)


@dataclass(frozen=True)
class _Kind:
    label: str
    fields: Sequence[FormField]


_KINDS: Mapping[str, _Kind] = {
    "rate_limit": _Kind(
        "Rate limit",
        (
            FormField("limit", "Requests", "100"),
            FormField("per", "Time window", "1m"),
            FormField("key", "Counted for", Key.CONSUMER.value, _KEYS),
            _ALGORITHM,
            _SCOPE,
            _TIERS,
        ),
    ),
    "spike_control": _Kind(
        "Spike control",
        (
            FormField("limit", "Requests", "20"),
            FormField("per", "Time window", "1s"),
            FormField("key", "Counted for", Key.ALL.value, _KEYS),
            FormField("delay", "Delay of the rest", "1s"),
            FormField("attempts", "Retries", "1"),
            _SCOPE,
        ),
    ),
    "ip_list": _Kind(
        "IP list",
        (
            FormField("allow", "Allow only", has_lines=True, hint=_NETWORKS),
            FormField("block", "Block", has_lines=True, hint=_NETWORKS),
        ),
    ),
    "response_cache": _Kind("Response cache", (FormField("ttl", "Responses are kept for", "1m"),)),
}
_FIRST = next(iter(_KINDS))


def take(view: View, values: Mapping[str, list[str]]) -> View:
    """The view with the policy that was entered. Raises InvalidQuestion."""
    kind = _chosen(view)
    found = taken(_KINDS[kind].fields, values)
    _policy(kind, found)
    return view.setting(**found)


def planned(view: View) -> AnyPolicy | None:
    """The policy of the address; None while there is nothing to try. Raises InvalidQuestion."""
    kind = _chosen(view)
    values = entered(_KINDS[kind].fields, view)
    return _policy(kind, values) if any(values.values()) else None


def policy_choice() -> Panel:
    """The kinds of policy, as links."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Component:
        chosen = _chosen(context.view)
        links = [
            html.A(
                kind.label,
                # What another kind takes is no use to this one.
                href=context.view.but(more=((_KIND, name),)).href(),
                **attributes({"aria-current": "true"} if name == chosen else {}),
            )
            for name, kind in _KINDS.items()
        ]
        return html.Nav(links, className="segments", **attributes({"aria-label": "Policy"}))

    return Panel("what-if-kind", "Policy", draw, bare=True)


def policy_form() -> Panel:
    """What the chosen kind takes."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Component:
        fields = _KINDS[_chosen(context.view)].fields
        return form(FORM, fields, entered(fields, context.view), "Try it")

    return Panel(
        "what-if-policy",
        "Planned policy",
        draw,
        help="Nothing is changed: the policy is tried on the requests in this range",
        span=4,
    )


def _chosen(view: View) -> str:
    name = view.parameter(_KIND)
    return name if name in _KINDS else _FIRST


def _policy(kind: str, values: Mapping[str, str]) -> AnyPolicy:
    definition: dict[str, Any] = {"kind": kind, **values}
    definition |= {
        name: re.split(r"[\s,]+", text.strip()) if text.strip() else ()
        for name, text in values.items()
        if name in _LISTS
    }
    if "tiers" in values:
        definition["tiers"] = [_tier(line) for line in values["tiers"].splitlines() if line.strip()]
    try:
        return _ANY_POLICY.validate_python(definition)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        # The first part is the kind, the discriminator of policies.
        name = ".".join(map(str, fault["loc"][1:])) or "the policy"
        raise InvalidQuestion(f"Correct {name}: {fault['msg'].removeprefix('Value error, ')}.") from None


def _tier(line: str) -> Mapping[str, Any]:
    form = _TIER.fullmatch(line.strip())
    if form is None:
        raise InvalidQuestion(
            f"{line.strip()!r} is not a tier; write name, limit and consumers: gold 1000: mobile-app, web-shop."
        )
    consumers = [consumer.strip() for consumer in form["consumers"].split(",") if consumer.strip()]
    return {"name": form["name"], "limit": form["limit"], "consumers": consumers}
