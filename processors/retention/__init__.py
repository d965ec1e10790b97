"""Retention: how long each table keeps what."""
