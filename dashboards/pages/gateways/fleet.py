"""All gateways: how much each does, what it takes, and whether it is still there."""

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd

from dashboards import formats
from dashboards.components.figure_card import Figure, figure_cards
from dashboards.components.gateway_kind import gateway_kind
from dashboards.components.notice import empty
from dashboards.components.table import Cell, Column, Row, records, table
from dashboards.pages.gateways.scope import gateway_href, instance_filter
from dashboards.panel import Drawing, Panel
from dashboards.parts import PageParts
from dashboards.state.context import PageContext
from dashboards.state.once import Once
from processors.query.answer import Answer
from processors.resources.instances import instances

# From when on a share of a limit is shown as too much.
_WARNING, _BAD = 0.8, 0.95
# An instance that reports each minute and has not for this long is gone.
_SILENT = timedelta(minutes=5)
_FAILING = 0.05


def fleet_panels(parts: PageParts) -> tuple[Panel, ...]:
    """Figures of the fleet, and a row a gateway."""
    found_of = Once(lambda context: _found(parts, context))

    def figures(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = found_of(context)
        if found.empty:
            return None
        silent = int(found["is_silent"].sum())
        hottest = found["cpu_share_max"].max()
        return figure_cards(
            [
                Figure("gateways", "Gateways", "count", found[["environment", "gateway"]].drop_duplicates().shape[0]),
                Figure("instances", "Instances", "count", len(found)),
                Figure(
                    "silent", "Silent instances", "count", silent, tone="warning" if silent else "",
                    note="no data for 5 minutes",
                ),
                Figure(
                    "cpu", "Highest CPU", "share", hottest, tone=_tone(hottest),
                    note="no limit known" if pd.isna(hottest) else "of its limit, at the peak",
                ),
            ]
        )  # fmt: skip

    def fleet(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = found_of(context)
        if found.empty:
            return empty("No gateway had traffic or reported metrics in this range")
        return table(
            context,
            "fleet",
            _COLUMNS,
            [_row(context, row) for row in records(_by_gateway(found))],
            href=lambda row: gateway_href(context.view, row["environment"], row["gateway"]),
        )

    return (
        Panel("fleet-figures", "Figures", figures, bare=True, height=118),
        Panel(
            "fleet", "Gateways", fleet, height=240,
            help="The busiest first. CPU and memory are averages over the range, of all instances together. "
            "A row opens the gateway",
        ),
    )  # fmt: skip


def instances_panel(parts: PageParts) -> Panel:
    """A row an instance of one gateway."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = _found(parts, context)
        rows = [_row(context, row) for row in records(found)]
        return table(
            context,
            "instances",
            (
                Column("instance", "Instance"),
                *((Column("environment", "Environment", rank=1),) if found["environment"].nunique() > 1 else ()),
                Column("host", "Host", rank=5),
                *_OF_BOTH,
            ),
            rows,
            href=lambda row: gateway_href(context.view, row["environment"], row["gateway"], row["instance"]),
            empty="No instances in this range",
        )

    return Panel("instances", "Instances", draw, height=120, help="A row opens the instance")


def instance_panel(parts: PageParts) -> Panel:
    """The figures of one instance."""

    def draw(context: PageContext, _answers: Sequence[Answer]) -> Drawing:
        found = _found(parts, context)
        if found.empty:
            return empty("No requests and no metrics in this range")
        row = records(found)[0]
        begun = row["started_at"]
        since = f"since {context.times.second(begun.to_pydatetime())}" if pd.notna(begun) else ""
        named = " · ".join(part for part in (str(row["instance"]), str(row["version"])) if part)
        return figure_cards(
            [
                Figure("rate", "Requests", "rate", row["rate"], note=named, href=_back(context, row)),
                Figure("error_rate", "Error rate", "share", row["error_rate"]),
                Figure(
                    "cores", "CPU", "cores", row["cores"], tone=_tone(row["cpu_share_max"]),
                    note=_share(row, "cpu_share"),
                ),
                Figure(
                    "memory", "Memory", "bytes", row["memory_bytes"], tone=_tone(row["memory_share_max"]),
                    note=_share(row, "memory_share"),
                ),
                Figure("restarts", "Restarts", "count", row["restarts"], note=since),
            ]
        )  # fmt: skip

    return Panel("instance", "Instance", draw, bare=True, height=118)


def _back(context: PageContext, row: Row) -> str:
    return gateway_href(context.view, str(row["environment"]), str(row["gateway"]))


def _share(row: Row, name: str) -> str:
    mean, peak = row[name], row[f"{name}_max"]
    if mean != mean:  # noqa: PLR0124 - NaN is not itself
        return "no limit known"
    return f"{formats.show('share', mean)} of its limit, at most {formats.show('share', peak)}"


def _found(parts: PageParts, context: PageContext) -> pd.DataFrame:
    found = instances(parts.store, parts.handled, context.window, instance_filter(context))
    return found.assign(is_silent=_is_silent(context, found)) if not found.empty else found


def _is_silent(context: PageContext, found: pd.DataFrame) -> "pd.Series[bool]":
    """Of a range that ends now; what is past was as it was."""
    until = min(pd.Timestamp(context.window.end), pd.Timestamp(context.now))
    return (until - pd.to_datetime(found["last_seen"], utc=True)) > _SILENT


def _by_gateway(found: pd.DataFrame) -> pd.DataFrame:
    summed = found.groupby(["environment", "gateway"], as_index=False, sort=False).agg(
        gateway_kind=("gateway_kind", "max"),
        instances=("instance", "count"),
        silent=("is_silent", "sum"),
        requests=("requests", "sum"),
        rate=("rate", "sum"),
        errors=("errors", "sum"),
        cores=("cores", _sum_of_known),
        cpu_share=("cpu_share", "mean"),
        memory_bytes=("memory_bytes", _sum_of_known),
        memory_share=("memory_share", "mean"),
        version=("version", _versions),
        last_seen=("last_seen", "max"),
        cpu_source=("cpu_source", "first"),
    )
    error_rate = summed["errors"] / summed["requests"].where(summed["requests"] > 0)
    return summed.assign(error_rate=error_rate, is_silent=summed["silent"] == summed["instances"]).sort_values(
        ["requests", "gateway"], ascending=[False, True]
    )


def _sum_of_known(values: "pd.Series[float]") -> float:
    return float(values.sum(min_count=1))


def _versions(values: "pd.Series[str]") -> str:
    return ", ".join(sorted({value for value in values if value}))


def _row(context: PageContext, row: Row) -> dict[str, object]:
    seen = row["last_seen"]
    return {**row, "seen": context.times.second(seen.to_pydatetime()) if pd.notna(seen) else ""}


def _tone(share: float | None) -> str:
    if share is None or not share >= _WARNING:
        return ""
    return "bad" if share >= _BAD else "warning"


def _errors(row: Row) -> Cell:
    share = row["error_rate"]
    if share is None or share != share:  # noqa: PLR0124 - NaN is not itself
        return formats.NOTHING
    tone = "bad" if share >= _FAILING else "neutral"
    return {"text": formats.show("share", share), "bar": share, "tone": tone}


def _cpu(row: Row) -> Cell:
    return _of_limit(formats.show("cores", row["cores"]), row["cpu_share"], row["cpu_source"])


def _memory(row: Row) -> Cell:
    return _of_limit(formats.show("bytes", row["memory_bytes"]), row["memory_share"], "")


def _of_limit(text: str, share: float, source: str) -> Cell:
    known = share == share and share is not None  # noqa: PLR0124 - NaN is not itself
    shown = f"{text} · {formats.show('share', share)}" if known else text
    return {
        "text": shown,
        "bar": share if known else None,
        "tone": _tone(share) or "neutral",
        "title": "Of the whole machine: the gateway itself reports nothing" if source == "host" else "",
    }


def _seen(row: Row) -> Cell:
    if row["is_silent"]:
        return {"text": row["seen"], "tone": "warning", "glyph": True, "title": "Silent for more than 5 minutes"}
    return str(row["seen"])


_OF_BOTH = (
    Column("rate", "Rate", "rate"),
    Column("error_rate", "Errors", cell=_errors, numeric=True),
    Column("cpu", "CPU", cell=_cpu, numeric=True, help="Cores used, and their share of the limit"),
    Column("memory", "Memory", cell=_memory, numeric=True, rank=1, help="Bytes used, and their share of the limit"),
    Column("version", "Version", rank=5),
    Column("last_seen", "Last seen", cell=_seen, rank=3),
)
_COLUMNS = (
    Column("gateway", "Gateway"),
    Column("kind", "Kind", cell=gateway_kind, rank=4),
    Column("environment", "Environment", rank=1),
    Column("instances", "Instances", "count", rank=3),
    *_OF_BOTH,
)
