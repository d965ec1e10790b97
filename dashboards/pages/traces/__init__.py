"""Traces: the list, and one as a waterfall."""
