"""Half an hour of CPU and memory as it is told: Prometheus' text, OTLP as JSON, Fluent Bit's records."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

# Recent, since a clock that is far off is not believed.
START = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)
MINUTES = 30
_EVERY = timedelta(seconds=15)

# What every source tells of: 0.3 of 2 cores, 200 of 800 MB.
CORES, CPU_LIMIT = 0.3, 2.0
MEMORY, MEMORY_LIMIT = 2e8, 8e8


@dataclass(frozen=True)
class Told:
    """A series: a gauge of `value`, or a counter that rises by it each second from `begins` on."""

    name: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    is_counter: bool = False
    unit: str = ""
    begins: float = 1000.0
    # When the process starts anew, in seconds from START.
    restarts: float | None = None


def counter(name: str, by_second: float, unit: str = "", **more: Any) -> Told:
    return Told(name, by_second, is_counter=True, unit=unit, **more)


def moments() -> Iterator[datetime]:
    """From one scrape before the window on, as rates need it."""
    return (START + number * _EVERY for number in range(-1, MINUTES * 4))


def prometheus_text(told: Iterable[Told]) -> bytes:
    return "".join(
        f"{series.name}{{{_labels(series)}}} {_value(series, moment)} {int(moment.timestamp() * 1000)}\n"
        for series in told
        for moment in moments()
    ).encode()


def otlp_json(told: Iterable[Told], resource: Mapping[str, str]) -> bytes:
    metrics = [_metric(series) for series in told]
    body = {"resource": {"attributes": _attributes(resource)}, "scopeMetrics": [{"metrics": metrics}]}
    return json.dumps({"resourceMetrics": [body]}).encode()


def fluent_records(records: Mapping[str, float], labels: Mapping[str, str]) -> bytes:
    lines = [json.dumps({"date": moment.timestamp(), **records, **labels}) for moment in moments()]
    return "\n".join(lines).encode()


def _value(series: Told, moment: datetime) -> float:
    if not series.is_counter:
        return series.value
    seconds = (moment - START).total_seconds()
    if series.restarts is not None and seconds >= series.restarts:
        return (seconds - series.restarts) * series.value
    return series.begins + seconds * series.value


def _labels(series: Told) -> str:
    return ",".join(f'{name}="{value}"' for name, value in series.labels.items())


def _metric(series: Told) -> dict[str, Any]:
    points = [
        {
            "timeUnixNano": str(int(moment.timestamp() * 1e9)),
            "asDouble": _value(series, moment),
            "attributes": _attributes(series.labels),
        }
        for moment in moments()
    ]
    if series.is_counter:
        kind = {"sum": {"dataPoints": points, "isMonotonic": True, "aggregationTemporality": 2}}
    else:
        kind = {"gauge": {"dataPoints": points}}
    return {"name": series.name, "unit": series.unit, **kind}


def _attributes(values: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]
