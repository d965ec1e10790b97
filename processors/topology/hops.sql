-- The records of one call: what each gateway and sidecar reported of its request, and its spans.
SELECT
    time,
    'request' AS source,
    toString(environment) AS environment,
    toString(gateway_kind) AS gateway_kind,
    toString(gateway) AS gateway,
    toString(instance) AS instance,
    toString(reporter) AS reporter,
    toString(api) AS api,
    toString(method) AS method,
    path,
    toString(status) AS status,
    toString(response_flags) AS response_flags,
    toString(upstream) AS upstream,
    toString(upstream_address) AS upstream_address,
    duration_us,
    upstream_us,
    request_id,
    trace_id,
    span_id,
    '' AS parent_span_id
FROM requests
WHERE {is_near}
    AND (request_id IN {ids:Array(String)} OR trace_id IN {ids:Array(String)})
UNION ALL
SELECT
    time,
    'span',
    toString(environment),
    toString(gateway_kind),
    toString(gateway),
    toString(instance),
    toString(kind),
    toString(service),
    '',
    toString(name),
    toString(status),
    '',
    '',
    '',
    duration_us,
    NULL,
    '',
    trace_id,
    span_id,
    parent_span_id
FROM spans
WHERE time >= {since:DateTime64(6, 'UTC')} AND time < {until:DateTime64(6, 'UTC')} AND trace_id IN {ids:Array(String)}
ORDER BY time, duration_us DESC NULLS LAST
LIMIT 1000
