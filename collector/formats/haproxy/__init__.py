"""HAProxy's HTTP log."""
