"""The HTTP port: OTLP, plain ingest, HEC, remote write and Mule's events, a module each."""
