"""Statements that the SQL page offers."""
