"""How telemetry comes in: senders, ledger, what could not be parsed, what is doubtful, what is wrong."""
