"""Prometheus scraping: targets, what they answer, and when they are asked."""
