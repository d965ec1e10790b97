INSERT INTO edge_10m (time, environment, gateway_kind, gateway, instance, reporter, api, upstream,
    requests, status_2xx, status_3xx, status_4xx, status_5xx, status_other, duration_us, upstream_requests, upstream_duration_us, upstream_us,
    latency, build)
SELECT
    toStartOfTenMinutes(seen.time) AS time,
    environment,
    gateway_kind,
    gateway,
    instance,
    if(seen.reporter = 'source' AND never_left_source(response_flags), 'source_only', seen.reporter) AS reporter,
    api,
    upstream,
    count() AS requests,
    countIf(status BETWEEN 200 AND 299) AS status_2xx,
    countIf(status BETWEEN 300 AND 399) AS status_3xx,
    countIf(status BETWEEN 400 AND 499) AS status_4xx,
    countIf(status BETWEEN 500 AND 599) AS status_5xx,
    countIf(status < 200 OR status > 599) AS status_other,
    sum(ifNull(seen.duration_us, 0)) AS duration_us,
    countIf(seen.duration_us IS NOT NULL AND seen.upstream_us IS NOT NULL) AS upstream_requests,
    sum(if(seen.upstream_us IS NULL, 0, ifNull(seen.duration_us, 0))) AS upstream_duration_us,
    sum(if(seen.duration_us IS NULL, 0, ifNull(seen.upstream_us, 0))) AS upstream_us,
    sumMapIf(map(latency_bucket(seen.duration_us), toUInt64(1)), seen.duration_us IS NOT NULL) AS latency,
    bitShiftLeft({number:UInt64}, 20) + intDiv(toUnixTimestamp(time), 3600) AS build
FROM requests AS seen
WHERE seen.time >= {start:DateTime64(6, 'UTC')} AND seen.time < {end:DateTime64(6, 'UTC')}
    -- The order key holds the hour, and ClickHouse does not work it out from the time.
    AND toStartOfHour(seen.time) >= {start:DateTime64(6, 'UTC')} AND toStartOfHour(seen.time) < {end:DateTime64(6, 'UTC')}
GROUP BY time, environment, gateway_kind, gateway, instance, reporter, api, upstream
