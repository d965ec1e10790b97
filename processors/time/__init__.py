"""Windows, time expressions, durations, and steps of charts."""
