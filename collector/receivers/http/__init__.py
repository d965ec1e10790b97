"""The HTTP port: OTLP, plain ingest, HEC, remote write and Mule's events, a module each.

The way of a request: `net` (head, limits), `sender_tokens`, the route, `idempotency`, `body` (announced
size, pace, room in memory, unpacking), what its format makes of it, and the intake.
"""
