INSERT INTO consumer_1d (time, environment, gateway_kind, gateway, reporter, api, api_version, consumer, requests,
    status_2xx, status_3xx, status_4xx, status_5xx, status_other, fault_policy, policy_violations, policy_errors,
    request_bytes, response_bytes, duration_us, duration_max_us, latency, build)
SELECT
    toStartOfDay(finer.time) AS time,
    environment,
    gateway_kind,
    gateway,
    reporter,
    api,
    api_version,
    consumer,
    sum(finer.requests) AS requests,
    sum(finer.status_2xx) AS status_2xx,
    sum(finer.status_3xx) AS status_3xx,
    sum(finer.status_4xx) AS status_4xx,
    sum(finer.status_5xx) AS status_5xx,
    sum(finer.status_other) AS status_other,
    sum(finer.fault_policy) AS fault_policy,
    sum(finer.policy_violations) AS policy_violations,
    sum(finer.policy_errors) AS policy_errors,
    sum(finer.request_bytes) AS request_bytes,
    sum(finer.response_bytes) AS response_bytes,
    sum(finer.duration_us) AS duration_us,
    max(finer.duration_max_us) AS duration_max_us,
    sumMap(finer.latency) AS latency,
    bitShiftLeft({number:UInt64}, 20) + intDiv(toUnixTimestamp(time), 3600) AS build
FROM consumer_1h AS finer
WHERE finer.time >= {start:DateTime64(6, 'UTC')} AND finer.time < {end:DateTime64(6, 'UTC')}
    AND finer.build IN (SELECT build FROM rollup_windows FINAL WHERE name = 'consumer_1h')
GROUP BY time, environment, gateway_kind, gateway, reporter, api, api_version, consumer
