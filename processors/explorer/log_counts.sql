-- Runtime logs by step and severity.
SELECT
    toDateTime(intDiv(toUnixTimestamp(seen.time), {step:UInt32}) * {step:UInt32}, 'UTC') AS time,
    toString(seen.severity) AS severity,
    count() AS records
FROM logs AS seen
WHERE {conditions}
GROUP BY time, severity
ORDER BY time, severity
