"""Prometheus' text formats and remote write."""
