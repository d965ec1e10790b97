"""Evaluation of rules, and the states of their alerts."""
