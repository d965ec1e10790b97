"""The columns of an access record: what the SQL of a format has to yield for the layers `ACCESS` to be put on top."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column by its name and type; where the access log says nothing, it is '', 0 or, if it may be, NULL.

    A text may be LowCardinality as well, and '-' in it means nothing wherever gateways write that.
    """

    name: str
    type: str
    meaning: str
    is_nullable: bool = False


def _text(name: str, meaning: str) -> Column:
    return Column(name, "String", meaning)


ACCESS_COLUMNS = (
    Column("received_at", "DateTime64", "When the payload arrived; from the layer below."),
    _text("environment", "The environment that the record names, else that of the payload."),
    _text("named_gateway", "The gateway that the record or its resource names, else that of the payload."),
    _text("node_id", "The instance that wrote the record; of Istio's node id, the pod in it."),
    _text("node_cluster", "What the proxy calls itself, where nothing names the gateway."),
    _text("peer", "Who sent the payload; from the layer below."),
    _text("default_kind", "The kind of gateway outside of a mesh: 'envoy' or 'proxy'."),
    _text("record", "The record as it came: it is kept with a dead letter, and as the body of a log."),
    _text("problem", "Why the record cannot be understood, which makes it a dead letter; '' where it can."),
    Column("is_log", "UInt8", "Whether the record is no request but a line of a log."),
    _text("severity_of_log", "Its severity then: TRACE, DEBUG, INFO, WARN, ERROR or FATAL."),
    Column("log_attributes", "Map(String, String)", "Its attributes then."),
    Column("started", "DateTime64", "When the request began, in UTC.", is_nullable=True),
    Column("code", "UInt16", "The status of the response; 0 where there was none.", is_nullable=True),
    Column("took_us", "UInt64", "The duration of the request in microseconds.", is_nullable=True),
    Column("upstream_took_us", "UInt64", "The part of it that the upstream took, in microseconds.", is_nullable=True),
    _text("method", "The method of the request."),
    _text("url", "The path of the request, with or without its query."),
    _text("protocol", "The protocol with its version, as HTTP/1.1."),
    _text("authority", "The host that was asked for, with or without a port."),
    _text("flags", "Envoy's response flags, joined by commas."),
    _text("details", "Envoy's response code details."),
    _text("termination_details", "Envoy's connection termination details."),
    _text("failure_reason", "Envoy's upstream transport failure reason."),
    Column("request_bytes", "UInt64", "The size of the request."),
    Column("response_bytes", "UInt64", "The size of the response."),
    _text("forwarded_for", "X-Forwarded-For; the first of its addresses is the client's."),
    _text("downstream_address", "The address of the connection, with or without a port."),
    _text("user_agent", "The client's user agent."),
    _text("request_id", "The request's id."),
    _text("trace_id", "The id of its trace, in hexadecimal."),
    _text("span_id", "The id of its span, in hexadecimal."),
    _text("upstream_host", "The address of the server that answered."),
    _text("upstream_cluster", "The name of the upstream; Istio's, direction|port|subset|host, are taken apart."),
    _text("route_name", "The name of the gateway's route, which is the API where nothing else names one."),
    _text("requested_server_name", "The server name of the TLS handshake."),
    _text("grpc_status", "The status of gRPC, as its number or its name."),
    _text("consumer", "Who asked, as the gateway knows the client."),
    _text("named_api", "The API, where the record names it."),
    _text("named_api_version", "The version of the API, where the record names it."),
    _text("named_route", "The template of the path, where the record names it."),
)
