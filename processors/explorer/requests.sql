-- Single requests, each once. The key finds one again: no gateway gives every request an id.
SELECT
    concat(toString(toUnixTimestamp64Micro(seen.time)), '-', hex(cityHash64(
        seen.environment, seen.gateway, seen.instance, seen.reporter, seen.api, seen.method, seen.path, seen.status,
        seen.client_address, seen.request_id, seen.trace_id, seen.span_id, seen.segment_id,
        ifNull(seen.duration_us, 0), seen.response_bytes
    ))) AS key,
    seen.time AS time,
    toString(seen.environment) AS environment,
    toString(seen.gateway_kind) AS gateway_kind,
    toString(seen.gateway) AS gateway,
    toString(seen.instance) AS instance,
    toString(seen.reporter) AS reporter,
    toString(seen.api) AS api,
    toString(seen.api_version) AS version,
    toString(seen.route) AS route,
    toString(seen.method) AS method,
    seen.path AS path,
    seen.status AS status,
    toString(seen.response_flags) AS response_flags,
    toString(seen.fault) AS fault,
    toString(seen.policy) AS policy,
    toString(seen.policy_outcome) AS outcome,
    toString(seen.consumer) AS consumer,
    seen.client_address AS client_address,
    toString(seen.user_agent) AS user_agent,
    toString(seen.upstream) AS upstream,
    toString(seen.upstream_address) AS upstream_address,
    seen.duration_us / 1000 AS duration_ms,
    seen.upstream_us / 1000 AS upstream_ms,
    seen.request_bytes AS request_bytes,
    seen.response_bytes AS response_bytes,
    toString(seen.protocol) AS protocol,
    seen.request_id AS request_id,
    seen.trace_id AS trace_id,
    {attributes} AS attributes
FROM {source} AS seen
WHERE {conditions}
ORDER BY {order}
LIMIT {most:UInt32}
