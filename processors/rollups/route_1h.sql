INSERT INTO route_1h (time, environment, gateway_kind, gateway, reporter, api, api_version, route, method, requests,
    status_2xx, status_3xx, status_4xx, status_5xx, status_other, fault_backend, fault_policy, fault_client,
    fault_config, policy_violations, policy_errors, request_bytes, response_bytes, duration_us, duration_max_us,
    upstream_requests, upstream_duration_us, upstream_us, latency, error_latency, build)
SELECT
    toStartOfHour(seen.time) AS time,
    environment,
    gateway_kind,
    gateway,
    if(seen.reporter = 'source' AND never_left_source(response_flags), 'source_only', seen.reporter) AS reporter,
    api,
    api_version,
    route,
    method,
    count() AS requests,
    countIf(status BETWEEN 200 AND 299) AS status_2xx,
    countIf(status BETWEEN 300 AND 399) AS status_3xx,
    countIf(status BETWEEN 400 AND 499) AS status_4xx,
    countIf(status BETWEEN 500 AND 599) AS status_5xx,
    countIf(status < 200 OR status > 599) AS status_other,
    countIf(fault = 'backend') AS fault_backend,
    countIf(fault = 'policy') AS fault_policy,
    countIf(fault = 'client') AS fault_client,
    countIf(fault = 'config') AS fault_config,
    countIf(policy_outcome = 'violation') AS policy_violations,
    countIf(policy_outcome = 'error') AS policy_errors,
    sum(seen.request_bytes) AS request_bytes,
    sum(seen.response_bytes) AS response_bytes,
    sum(ifNull(seen.duration_us, 0)) AS duration_us,
    max(ifNull(seen.duration_us, 0)) AS duration_max_us,
    countIf(seen.duration_us IS NOT NULL AND seen.upstream_us IS NOT NULL) AS upstream_requests,
    sum(if(seen.upstream_us IS NULL, 0, ifNull(seen.duration_us, 0))) AS upstream_duration_us,
    sum(if(seen.duration_us IS NULL, 0, ifNull(seen.upstream_us, 0))) AS upstream_us,
    sumMapIf(map(latency_bucket(seen.duration_us), toUInt64(1)), seen.duration_us IS NOT NULL) AS latency,
    sumMapIf(
        map(latency_bucket(seen.duration_us), toUInt64(1)), seen.duration_us IS NOT NULL AND (status < 200 OR status > 499)
    ) AS error_latency,
    bitShiftLeft({number:UInt64}, 20) + intDiv(toUnixTimestamp(time), 3600) AS build
FROM requests AS seen
WHERE seen.time >= {start:DateTime64(6, 'UTC')} AND seen.time < {end:DateTime64(6, 'UTC')}
    -- The order key holds the hour, and ClickHouse does not work it out from the time.
    AND toStartOfHour(seen.time) >= {start:DateTime64(6, 'UTC')} AND toStartOfHour(seen.time) < {end:DateTime64(6, 'UTC')}
GROUP BY time, environment, gateway_kind, gateway, reporter, api, api_version, route, method
