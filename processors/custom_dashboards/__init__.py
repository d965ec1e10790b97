"""Dashboards that people put together themselves."""
