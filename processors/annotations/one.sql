-- One annotation by its id.
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
WHERE id = {id:String} AND deleted = 0
