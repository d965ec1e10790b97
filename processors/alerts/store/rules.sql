-- Rules that people made, by name.
SELECT
    name,
    definition,
    updated_by,
    updated_at
FROM alert_rules FINAL
WHERE deleted = 0
ORDER BY name
