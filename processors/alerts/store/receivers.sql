-- Receivers that people made, by name.
SELECT
    name,
    definition,
    updated_by,
    updated_at
FROM alert_receivers FINAL
WHERE deleted = 0
ORDER BY name
