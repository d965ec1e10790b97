-- Objectives that people made, by name.
SELECT
    name,
    definition,
    updated_by,
    updated_at
FROM slo_objectives FINAL
WHERE deleted = 0
ORDER BY name
