-- Who wrote runtime logs, and how much of each severity.
SELECT
    toString(seen.environment) AS environment,
    toString(seen.gateway) AS gateway,
    toString(seen.severity) AS severity,
    count() AS records
FROM logs AS seen
WHERE {conditions}
GROUP BY environment, gateway, severity
ORDER BY records DESC, environment, gateway, severity
LIMIT 200
