INSERT INTO consumer_1h (time, environment, gateway_kind, gateway, reporter, api, api_version, consumer, requests,
    status_2xx, status_3xx, status_4xx, status_5xx, status_other, fault_policy, policy_violations, policy_errors,
    request_bytes, response_bytes, duration_us, duration_max_us, latency, build)
SELECT
    toStartOfHour(seen.time) AS time,
    environment,
    gateway_kind,
    gateway,
    if(seen.reporter = 'source' AND never_left_source(response_flags), 'source_only', seen.reporter) AS reporter,
    api,
    api_version,
    consumer,
    count() AS requests,
    countIf(status BETWEEN 200 AND 299) AS status_2xx,
    countIf(status BETWEEN 300 AND 399) AS status_3xx,
    countIf(status BETWEEN 400 AND 499) AS status_4xx,
    countIf(status BETWEEN 500 AND 599) AS status_5xx,
    countIf(status < 200 OR status > 599) AS status_other,
    countIf(fault = 'policy') AS fault_policy,
    countIf(policy_outcome = 'violation') AS policy_violations,
    countIf(policy_outcome = 'error') AS policy_errors,
    sum(seen.request_bytes) AS request_bytes,
    sum(seen.response_bytes) AS response_bytes,
    sum(ifNull(seen.duration_us, 0)) AS duration_us,
    max(ifNull(seen.duration_us, 0)) AS duration_max_us,
    sumMapIf(map(latency_bucket(seen.duration_us), toUInt64(1)), seen.duration_us IS NOT NULL) AS latency,
    bitShiftLeft({number:UInt64}, 20) + intDiv(toUnixTimestamp(time), 3600) AS build
FROM requests AS seen
WHERE seen.time >= {start:DateTime64(6, 'UTC')} AND seen.time < {end:DateTime64(6, 'UTC')}
    -- The order key holds the hour, and ClickHouse does not work it out from the time.
    AND toStartOfHour(seen.time) >= {start:DateTime64(6, 'UTC')} AND toStartOfHour(seen.time) < {end:DateTime64(6, 'UTC')}
GROUP BY time, environment, gateway_kind, gateway, reporter, api, api_version, consumer
