-- Requests of a window that hold a value which is doubtful, by what is doubted (docs/tables.md#doubts) and format.
SELECT
    attributes['gatelens.doubt'] AS doubt,
    format,
    count() AS requests,
    max(time) AS last_seen,
    any(request_id) AS example
FROM requests
WHERE time >= {start:DateTime64(6, 'UTC')} AND time < {end:DateTime64(6, 'UTC')}
    AND mapContains(attributes, 'gatelens.doubt')
GROUP BY doubt, format
ORDER BY requests DESC, doubt, format
LIMIT {most:UInt32}
