"""What pages show while telemetry is missing, could not be parsed, or does not get through."""
