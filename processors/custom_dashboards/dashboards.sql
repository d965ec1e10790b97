-- Dashboards that people made, by name.
SELECT
    name,
    definition,
    updated_by,
    updated_at
FROM custom_dashboards FINAL
WHERE deleted = 0
ORDER BY name
