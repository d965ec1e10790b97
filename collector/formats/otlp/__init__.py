"""OpenTelemetry's logs, metrics and spans, as Protobuf and as JSON."""
