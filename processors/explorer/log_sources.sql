-- Who wrote runtime logs, and how much of each severity.
SELECT
    toString(seen.gateway) AS gateway,
    toString(seen.severity) AS severity,
    count() AS records
FROM logs AS seen
WHERE {conditions}
GROUP BY gateway, severity
ORDER BY records DESC, gateway, severity
LIMIT 200
