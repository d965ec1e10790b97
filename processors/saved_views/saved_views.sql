-- Saved views, by name.
SELECT
    name,
    path,
    query,
    updated_by,
    updated_at
FROM saved_views FINAL
WHERE deleted = 0
ORDER BY name
