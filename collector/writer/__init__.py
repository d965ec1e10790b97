"""Sealed segments in, rows in ClickHouse out: insert, recover, reconcile. Knows no receiver."""
