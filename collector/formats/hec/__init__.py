"""Metrics as Splunk's HTTP Event Collector takes them."""
