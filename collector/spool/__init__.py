"""Telemetry on disk between the answer to its sender and its insert into ClickHouse."""
