"""Fluent Forward: what Fluent Bit, Fluentd, their client libraries and Envoy's fluentd logger speak."""
