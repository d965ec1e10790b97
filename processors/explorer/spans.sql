-- The spans of one trace.
SELECT
    seen.time AS time,
    seen.span_id AS span_id,
    seen.parent_span_id AS parent_span_id,
    toString(seen.service) AS service,
    toString(seen.name) AS name,
    toString(seen.kind) AS kind,
    toString(seen.status) AS status,
    toString(seen.environment) AS environment,
    toString(seen.gateway) AS gateway,
    toString(seen.instance) AS instance,
    seen.duration_us / 1000 AS duration_ms,
    seen.attributes AS attributes
FROM spans AS seen
WHERE seen.trace_id = {trace:String}
    AND seen.time >= {start:DateTime64(6, 'UTC')} AND seen.time < {end:DateTime64(6, 'UTC')}
ORDER BY seen.time, seen.duration_us DESC
LIMIT {most:UInt32}
