"""Mule's analytics events and runtime logs."""
