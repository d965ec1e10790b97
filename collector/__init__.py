"""Telemetry in: receivers, spool, transforms, writer."""
