-- Who wrote runtime logs, and how much of each severity.
SELECT
    toString(seen.gateway) AS gateway,
    toString(seen.environment) AS environment,
    toString(seen.severity) AS severity,
    count() AS records
FROM logs AS seen
WHERE {conditions}
GROUP BY gateway, environment, severity
ORDER BY records DESC, gateway, environment, severity
LIMIT 200
