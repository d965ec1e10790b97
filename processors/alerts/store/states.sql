-- The alerts that are not over, as their last evaluation left them.
SELECT
    rule,
    fingerprint,
    labels,
    annotations,
    receiver,
    state,
    value,
    active_at,
    fired_at,
    resolved_at,
    keep_firing_since,
    window_start,
    window_end,
    updated_at
FROM alert_states FINAL
WHERE state != 'inactive'
