"""Who may read, send and administer: records that are kept apart from telemetry."""
