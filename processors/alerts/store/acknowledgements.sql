-- The acknowledgements of alerts that are not over.
SELECT
    rule,
    fingerprint,
    fired_at,
    owner,
    note,
    acknowledged_at
FROM alert_acknowledgements FINAL
WHERE (rule, fingerprint) IN (SELECT rule, fingerprint FROM alert_states FINAL WHERE state != 'inactive')
