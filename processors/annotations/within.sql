-- Annotations that a window touches, the latest first.
SELECT
    id,
    starts_at,
    ends_at,
    text,
    tags,
    filters,
    link,
    created_by
FROM annotations FINAL
WHERE deleted = 0
    AND starts_at < {end:DateTime64(3, 'UTC')}
    AND coalesce(ends_at, starts_at) >= {start:DateTime64(3, 'UTC')}
ORDER BY starts_at DESC, id
LIMIT {limit:UInt32}
