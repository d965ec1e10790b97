"""The gRPC port: OTLP and Envoy's access log service."""
