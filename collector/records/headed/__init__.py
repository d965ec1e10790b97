"""Logs whose beginning says how the rest is to be read, as lines of JSON."""
