"""What an empty Gatelens shows to paste: how each kind of gateway sends its first request here."""

from collections.abc import Callable
from dataclasses import dataclass

import dash_mantine_components as dmc
from dash.development.base_component import Component

from dashboards.settings import WebSettings

# The fields that a record needs for everything the pages show; without response_code it is not a request.
_ATTRIBUTES = (
    ("method", "%REQ(:METHOD)%"),
    ("path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"),
    ("authority", "%REQ(:AUTHORITY)%"),
    ("route_name", "%ROUTE_NAME%"),
    ("response_code", "%RESPONSE_CODE%"),
    ("response_flags", "%RESPONSE_FLAGS%"),
    ("response_code_details", "%RESPONSE_CODE_DETAILS%"),
    ("duration_us", "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%"),
    ("upstream_us", "%COMMON_DURATION(US_TX_BEG:US_RX_END:us)%"),
    ("bytes_received", "%BYTES_RECEIVED%"),
    ("bytes_sent", "%BYTES_SENT%"),
    ("upstream_cluster", "%UPSTREAM_CLUSTER_RAW%"),
    ("downstream_remote_address", "%DOWNSTREAM_REMOTE_ADDRESS%"),
    ("request_id", "%REQ(X-REQUEST-ID)%"),
)


@dataclass(frozen=True)
class FirstStep:
    """How one kind of sender begins: settings or a command, with the addresses of this Gatelens."""

    name: str
    label: str
    text: Callable[[WebSettings], str]


def first_steps(settings: WebSettings) -> Component:
    """How to send the first request."""
    return dmc.Paper(
        [
            dmc.Title("No requests yet", order=2),
            dmc.Text(
                "Gatelens is ready for telemetry. Point a gateway at it, or import a log; "
                "this page fills in by itself.",
                c="dimmed",
                mb="md",
            ),
            dmc.Tabs(
                [
                    dmc.TabsList([dmc.TabsTab(step.label, value=step.name) for step in FIRST_STEPS]),
                    *(
                        dmc.TabsPanel(dmc.Code(step.text(settings), block=True), value=step.name, pt="md")
                        for step in FIRST_STEPS
                    ),
                ],
                value=FIRST_STEPS[0].name,
            ),
            dmc.Text(
                [
                    "No gateway at hand? ",
                    dmc.Code("gatelens demo"),
                    " runs gateways with traffic. All sources: docs/sources.md. "
                    "Gateways on other machines: docs/access.md.",
                ],
                size="sm",
                c="dimmed",
                mt="md",
            ),
        ],
        withBorder=True,
        radius="md",
        p="xl",
        maw=900,
        mx="auto",
        id="first-steps",
    )


def _mule(settings: WebSettings) -> str:
    return f"""# $MULE_HOME/conf/wrapper.conf, with numbers that follow those already there: the
# gateway sends its analytics events here. `production` is the environment.
wrapper.java.additional.101=-Danypoint.platform.analytics_enabled=true
wrapper.java.additional.102=-Danypoint.platform.analytics_base_uri={settings.ingest_http}/mule/production
# To Anypoint as well:
wrapper.java.additional.103=-Danypoint.platform.analytics_multiple_consumers_enabled=true"""


def _flex(settings: WebSettings) -> str:
    host, _, port = settings.ingest_http.rpartition("//")[2].rpartition(":")
    return f"""# /usr/local/share/mulesoft/flex-gateway/conf.d/gatelens.yaml. Each API also needs the
# Message Logging policy of deploy/gateways/flex/message-logging.yaml.
apiVersion: gateway.mulesoft.com/v1alpha1
kind: Configuration
metadata:
  name: gatelens
spec:
  logging:
    outputs:
    - name: gatelens
      type: http
      parameters:
        host: {host}
        port: "{port}"
        uri: /ingest/flex?environment=production&gateway=edge
        format: json_lines
        json_date_key: timestamp
        json_date_format: iso8601
        compress: gzip
        tls: "off"
    accessLogs:
      outputs: [gatelens]
    runtimeLogs:
      logLevel: info
      outputs: [gatelens]"""


def _istio(settings: WebSettings) -> str:
    _, _, port = settings.otlp_grpc.rpartition(":")
    return f"""# In the mesh configuration, with the name under which the mesh knows this Gatelens:
extensionProviders:
- name: gatelens-als
  envoyHttpAls: {{service: gatelens.observability.svc.cluster.local, port: {port}}}
---
# and for `kubectl apply`:
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata:
  name: gatelens
  namespace: istio-system
spec:
  accessLogging:
  - providers:
    - name: gatelens-als"""


def _als(settings: WebSettings) -> str:
    return f"""access_log:
- name: envoy.access_loggers.http_grpc
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig
    common_config:
      log_name: edge
      transport_api_version: V3
      grpc_service: {{envoy_grpc: {{cluster_name: gatelens}}}}
{_cluster(settings)}"""


def _otlp(settings: WebSettings) -> str:
    attributes = "\n".join(
        f"""      - {{key: {key}, value: {{string_value: "{value}"}}}}""" for key, value in _ATTRIBUTES
    )
    return f"""access_log:
- name: envoy.access_loggers.open_telemetry
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig
    log_name: edge
    grpc_service: {{envoy_grpc: {{cluster_name: gatelens}}}}
    attributes:
      values:
{attributes}
{_cluster(settings)}"""


def _cluster(settings: WebSettings) -> str:
    host, _, port = settings.otlp_grpc.rpartition(":")
    return f"# and the cluster, with HTTP/2: address {host}, port {port}"


def _files(settings: WebSettings) -> str:
    return f"""# Of nginx, Apache, HAProxy, Envoy and others; the format is recognised.
gatelens import access.log access.log.1.gz --environment production --data {settings.data}"""


def _curl(settings: WebSettings) -> str:
    return f"""curl --data-binary @access.log '{settings.ingest_http}/ingest?environment=production'"""


FIRST_STEPS = (
    FirstStep("mule", "Mule Gateway", _mule),
    FirstStep("flex", "Flex Gateway", _flex),
    FirstStep("istio", "Istio", _istio),
    FirstStep("als", "Envoy, gRPC", _als),
    FirstStep("otlp", "Envoy, OpenTelemetry", _otlp),
    FirstStep("files", "Log files", _files),
    FirstStep("curl", "HTTP", _curl),
)
