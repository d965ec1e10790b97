"""Flex Gateway's records and lines."""
