"""Alerts: what fires, rules and their editor, silences, receivers, history."""
