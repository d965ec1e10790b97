"""The explorer of single requests."""
