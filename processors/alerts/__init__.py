"""Alerts: rules from a YAML file over the roll-ups, with notifications as Alertmanager sends them."""
