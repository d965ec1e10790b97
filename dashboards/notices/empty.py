"""What a page shows while there is nothing to show: how to send telemetry, or where the last of it is."""

from datetime import datetime, timedelta

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboards.components.notice import notice
from dashboards.settings import WebSettings
from dashboards.state.context import PageContext
from dashboards.state.times import address_time

_BEFORE = timedelta(minutes=30)

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


def first_steps(settings: WebSettings) -> Component:
    """How to send the first request, with the addresses of this Gatelens."""
    host, _, port = settings.otlp_grpc.rpartition(":")
    als = f"""access_log:
- name: envoy.access_loggers.http_grpc
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig
    common_config:
      log_name: edge
      transport_api_version: V3
      grpc_service: {{envoy_grpc: {{cluster_name: gatelens}}}}
# and the cluster, with HTTP/2: address {host}, port {port}"""
    attributes = "\n".join(
        f"""      - {{key: {key}, value: {{string_value: "{value}"}}}}""" for key, value in _ATTRIBUTES
    )
    otlp = f"""access_log:
- name: envoy.access_loggers.open_telemetry
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig
    log_name: edge
    grpc_service: {{envoy_grpc: {{cluster_name: gatelens}}}}
    attributes:
      values:
{attributes}
# and the cluster, with HTTP/2: address {host}, port {port}"""
    files = f"""gatelens import access.log access.log.1.gz --environment production --data {settings.data}"""
    curl = f"""curl --data-binary @access.log '{settings.ingest_http}/ingest?environment=production'"""
    tabs = (
        ("als", "Envoy, gRPC", als),
        ("otlp", "Envoy, OpenTelemetry", otlp),
        ("files", "Log files", files),
        ("curl", "HTTP", curl),
    )
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
                    dmc.TabsList([dmc.TabsTab(label, value=name) for name, label, _ in tabs]),
                    *(dmc.TabsPanel(_code(text), value=name, pt="md") for name, _, text in tabs),
                ],
                value="als",
            ),
            dmc.Text(
                [
                    "No gateway at hand? ",
                    dmc.Code("gatelens demo"),
                    " runs gateways with traffic. All sources: docs/sources.md.",
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


def nothing_sent() -> Component:
    """Above every page while there is nothing that any of them could show."""
    return notice(
        "info",
        "No requests yet",
        html.P(["Pages fill in as soon as a gateway sends telemetry. ", html.A("How to send it", href="/")]),
        identity="nothing-sent",
    )


def nothing_here(context: PageContext, last_request: datetime) -> Component:
    """The range or the filters leave nothing, though there is telemetry."""
    start, end = address_time(last_request - _BEFORE), address_time(last_request + _BEFORE)
    there = context.view.href(start=start, end=end, filters=())
    return notice(
        "info",
        "No requests in this time range with these filters",
        html.P(
            [f"The last stored request arrived at {context.times.full(last_request)}. ", html.A("Go there", href=there)]
        ),
        identity="nothing-here",
    )


def _code(text: str) -> Component:
    return dmc.Code(text, block=True)
