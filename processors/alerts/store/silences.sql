-- Silences that had not ended at a moment, the latest first.
SELECT
    id,
    matchers,
    starts_at,
    ends_at,
    intervals,
    created_by,
    comment
FROM alert_silences FINAL
WHERE ends_at IS NULL OR ends_at > {since:DateTime64(3, 'UTC')}
ORDER BY starts_at DESC, id
