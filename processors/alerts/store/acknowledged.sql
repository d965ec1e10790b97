-- Who took the alerts that fired from a moment on, and when.
SELECT
    rule,
    fingerprint,
    fired_at,
    owner,
    note,
    acknowledged_at
FROM alert_acknowledgements FINAL
WHERE acknowledged_at >= {since:DateTime64(6, 'UTC')}
