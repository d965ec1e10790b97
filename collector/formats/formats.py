"""The formats that Gatelens reads."""

from collector.formats.clf.descriptor import COMBINED, COMMON
from collector.formats.dead_letters.descriptor import CUT_OFF, DAMAGED, UNDECODABLE
from collector.formats.envoy.descriptor import ENVOY_ALS, ENVOY_JSON, ENVOY_TEXT
from collector.formats.flex.descriptor import FLEX
from collector.formats.fluent.descriptor import FLUENT_METRICS, FLUENT_SIGNAL
from collector.formats.haproxy.descriptor import HAPROXY
from collector.formats.hec.descriptor import HEC_METRICS
from collector.formats.json.descriptor import JSON
from collector.formats.mule.descriptor import MULE_ANALYTICS, MULE_LOG
from collector.formats.otlp.descriptor import (
    NOT_OTLP,
    OTLP_LOGS,
    OTLP_LOGS_JSON,
    OTLP_METRICS,
    OTLP_METRICS_JSON,
    OTLP_TRACES,
    OTLP_TRACES_JSON,
)
from collector.formats.prometheus.descriptor import (
    OPENMETRICS_TEXT,
    PROMETHEUS_TEXT,
    PROMETHEUS_WRITE,
    PROMETHEUS_WRITE_V2,
)
from collector.formats.registry import Formats

# A line or a record is of the first that recognises it: each is narrower than what follows it.
FORMATS = Formats(
    (
        ENVOY_JSON,
        ENVOY_TEXT,
        ENVOY_ALS,
        FLEX,
        COMBINED,
        COMMON,
        HAPROXY,
        MULE_ANALYTICS,
        MULE_LOG,
        OTLP_LOGS,
        OTLP_LOGS_JSON,
        OTLP_METRICS,
        OTLP_METRICS_JSON,
        OTLP_TRACES,
        OTLP_TRACES_JSON,
        FLUENT_METRICS,
        HEC_METRICS,
        PROMETHEUS_TEXT,
        OPENMETRICS_TEXT,
        PROMETHEUS_WRITE,
        PROMETHEUS_WRITE_V2,
        JSON,
        UNDECODABLE,
        FLUENT_SIGNAL,
        NOT_OTLP,
        DAMAGED,
        CUT_OFF,
    )
)
