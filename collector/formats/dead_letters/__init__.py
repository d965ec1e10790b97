"""Payloads that become dead letters as a whole."""
