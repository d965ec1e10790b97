-- The latest changes of state, the latest first.
SELECT
    time,
    rule,
    fingerprint,
    labels,
    state,
    previous_state,
    measure,
    value,
    op,
    threshold,
    severity,
    receiver
FROM alert_history
ORDER BY time DESC, rule, fingerprint
LIMIT {limit:UInt32}
