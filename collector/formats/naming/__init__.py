"""Naming rules: what an operator calls gateways, APIs and consumers, where telemetry calls them something else."""
