"""What is worked out from the tables: traffic, alerts, usage reports."""
