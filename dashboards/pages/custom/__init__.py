"""Dashboards that people put together, and the views that they saved."""
