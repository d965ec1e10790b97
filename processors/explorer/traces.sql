-- Traces by what their spans tell: a row each. The root is the span without a parent, or the earliest there is.
SELECT
    trace_id,
    min(seen.time) AS time,
    argMin(toString(seen.service), (seen.parent_span_id != '', seen.time)) AS service,
    argMin(toString(seen.name), (seen.parent_span_id != '', seen.time)) AS name,
    (max(toUnixTimestamp64Micro(seen.time) + seen.duration_us) - min(toUnixTimestamp64Micro(seen.time))) / 1000
        AS duration_ms,
    count() AS spans,
    countIf(seen.status = 'error') AS errors,
    arraySort(groupUniqArray(20)(toString(seen.service))) AS services
FROM spans AS seen
WHERE {conditions}
GROUP BY trace_id
HAVING {having}
ORDER BY {order}
LIMIT {most:UInt32}
