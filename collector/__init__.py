"""Telemetry in: receivers, records, formats, spool, writer."""
