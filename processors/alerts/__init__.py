"""Alerts: rules from a YAML file over the roll-ups, told to receivers as Alertmanager tells them."""
