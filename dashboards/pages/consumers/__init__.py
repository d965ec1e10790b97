"""Consumers: all of them, and one with its page."""
