-- Runtime logs, the newest first.
SELECT
    seen.time AS time,
    toString(seen.environment) AS environment,
    toString(seen.gateway_kind) AS gateway_kind,
    toString(seen.gateway) AS gateway,
    toString(seen.instance) AS instance,
    toString(seen.severity) AS severity,
    seen.body AS body,
    seen.trace_id AS trace_id
FROM logs AS seen
WHERE {conditions}
ORDER BY seen.time DESC
LIMIT {most:UInt32}
