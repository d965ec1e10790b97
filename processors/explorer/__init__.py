"""Single records: requests, runtime logs and spans, found by what they hold."""
