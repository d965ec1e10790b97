"""Envoy's and Istio's access logs: JSON, text, and the access log service."""
