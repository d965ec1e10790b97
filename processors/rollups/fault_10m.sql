INSERT INTO fault_10m (time, environment, gateway_kind, gateway, reporter, api, api_version, fault, policy,
    policy_outcome, response_flags, status, upstream, requests, last_seen, build)
SELECT
    toStartOfTenMinutes(seen.time) AS time,
    environment,
    gateway_kind,
    gateway,
    if(seen.reporter = 'source' AND never_left_source(response_flags), 'source_only', seen.reporter) AS reporter,
    api,
    api_version,
    fault,
    policy,
    policy_outcome,
    response_flags,
    status,
    upstream,
    count() AS requests,
    max(seen.time) AS last_seen,
    bitShiftLeft({number:UInt64}, 20) + intDiv(toUnixTimestamp(time), 3600) AS build
FROM requests AS seen
WHERE seen.time >= {start:DateTime64(6, 'UTC')} AND seen.time < {end:DateTime64(6, 'UTC')}
    -- The order key holds the hour, and ClickHouse does not work it out from the time.
    AND toStartOfHour(seen.time) >= {start:DateTime64(6, 'UTC')} AND toStartOfHour(seen.time) < {end:DateTime64(6, 'UTC')}
    AND (fault != '' OR policy != '')
GROUP BY time, environment, gateway_kind, gateway, reporter, api, api_version, fault, policy, policy_outcome,
    response_flags, status, upstream
