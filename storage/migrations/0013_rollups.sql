-- Roll-ups for charts of a day and of years, and by route, consumer and cause of failure. processors/rollups fills them
-- in the background, an hour or a day at a time, once it has passed: views would write all of them once more for each
-- segment, which took as much CPU as the rest of the intake (docs/decisions/0020-rollups.md). `time` is the start of the
-- step; a sidecar pair is kept apart by reporter as in api_1m.

-- One map for each request: counting by bucket first, in groups of eight keys, had become the dearer way.
CREATE OR REPLACE MATERIALIZED VIEW api_1m_from_requests TO api_1m AS
SELECT
    toStartOfMinute(time) AS minute,
    environment,
    gateway_kind,
    gateway,
    if(seen.reporter = 'source' AND never_left_source(response_flags), 'source_only', seen.reporter) AS reporter,
    api,
    api_version,
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
    sum(seen.request_bytes) AS request_bytes,
    sum(seen.response_bytes) AS response_bytes,
    sum(ifNull(seen.duration_us, 0)) AS duration_us,
    max(ifNull(seen.duration_us, 0)) AS duration_max_us,
    countIf(seen.duration_us IS NOT NULL AND seen.upstream_us IS NOT NULL) AS upstream_requests,
    sum(if(seen.upstream_us IS NULL, 0, ifNull(seen.duration_us, 0))) AS upstream_duration_us,
    sum(if(seen.duration_us IS NULL, 0, ifNull(seen.upstream_us, 0))) AS upstream_us,
    sumMapIf(map(latency_bucket(seen.duration_us), toUInt64(1)), seen.duration_us IS NOT NULL) AS latency
FROM requests AS seen
GROUP BY minute, environment, gateway_kind, gateway, reporter, api, api_version;

-- What is filled: a row for each hour, or day, of a roll-up. Rows of a roll-up count only where their build is named here,
-- so that one insert replaces an hour by its next build.
CREATE TABLE IF NOT EXISTS rollup_windows
(
    name     LowCardinality(String),
    time     DateTime('UTC'),
    -- The build that holds: when it began, in milliseconds since the epoch, times 2^20, and the hour since the epoch.
    build    UInt64,
    -- The requests that it was made of; where there are more by now, it is made anew.
    requests UInt64,
    built_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(build)
ORDER BY (name, time)
SETTINGS fsync_after_insert = 1;

-- By ten minutes: the steps of a chart of a day.
CREATE TABLE IF NOT EXISTS api_10m
(
    time                 DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    environment          LowCardinality(String),
    gateway_kind         LowCardinality(String),
    gateway              LowCardinality(String),
    reporter             LowCardinality(String),
    api                  LowCardinality(String),
    api_version          LowCardinality(String),
    requests             UInt64 CODEC(T64, ZSTD(1)),
    status_2xx           UInt64 CODEC(T64, ZSTD(1)),
    status_3xx           UInt64 CODEC(T64, ZSTD(1)),
    status_4xx           UInt64 CODEC(T64, ZSTD(1)),
    status_5xx           UInt64 CODEC(T64, ZSTD(1)),
    status_other         UInt64 CODEC(T64, ZSTD(1)),
    fault_backend        UInt64 CODEC(T64, ZSTD(1)),
    fault_policy         UInt64 CODEC(T64, ZSTD(1)),
    fault_client         UInt64 CODEC(T64, ZSTD(1)),
    fault_config         UInt64 CODEC(T64, ZSTD(1)),
    policy_violations    UInt64 CODEC(T64, ZSTD(1)),
    policy_errors        UInt64 CODEC(T64, ZSTD(1)),
    request_bytes        UInt64 CODEC(T64, ZSTD(1)),
    response_bytes       UInt64 CODEC(T64, ZSTD(1)),
    duration_us          UInt64 CODEC(T64, ZSTD(1)),
    duration_max_us      UInt64 CODEC(T64, ZSTD(1)),
    upstream_requests    UInt64 CODEC(T64, ZSTD(1)),
    upstream_duration_us UInt64 CODEC(T64, ZSTD(1)),
    upstream_us          UInt64 CODEC(T64, ZSTD(1)),
    latency              Map(Int16, UInt64) CODEC(ZSTD(1)),
    error_latency        Map(Int16, UInt64) CODEC(ZSTD(1)),
    upstream_latency     Map(Int16, UInt64) CODEC(ZSTD(1)),
    gateway_latency      Map(Int16, UInt64) CODEC(ZSTD(1)),
    build                UInt64 CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (environment, api, api_version, gateway_kind, gateway, reporter, time)
SETTINGS index_granularity = 1024, fsync_after_insert = 1;

-- By day: months and years.
CREATE TABLE IF NOT EXISTS api_1d
(
    time                 DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    environment          LowCardinality(String),
    gateway_kind         LowCardinality(String),
    gateway              LowCardinality(String),
    reporter             LowCardinality(String),
    api                  LowCardinality(String),
    api_version          LowCardinality(String),
    requests             UInt64 CODEC(T64, ZSTD(1)),
    status_2xx           UInt64 CODEC(T64, ZSTD(1)),
    status_3xx           UInt64 CODEC(T64, ZSTD(1)),
    status_4xx           UInt64 CODEC(T64, ZSTD(1)),
    status_5xx           UInt64 CODEC(T64, ZSTD(1)),
    status_other         UInt64 CODEC(T64, ZSTD(1)),
    fault_backend        UInt64 CODEC(T64, ZSTD(1)),
    fault_policy         UInt64 CODEC(T64, ZSTD(1)),
    fault_client         UInt64 CODEC(T64, ZSTD(1)),
    fault_config         UInt64 CODEC(T64, ZSTD(1)),
    policy_violations    UInt64 CODEC(T64, ZSTD(1)),
    policy_errors        UInt64 CODEC(T64, ZSTD(1)),
    request_bytes        UInt64 CODEC(T64, ZSTD(1)),
    response_bytes       UInt64 CODEC(T64, ZSTD(1)),
    duration_us          UInt64 CODEC(T64, ZSTD(1)),
    duration_max_us      UInt64 CODEC(T64, ZSTD(1)),
    upstream_requests    UInt64 CODEC(T64, ZSTD(1)),
    upstream_duration_us UInt64 CODEC(T64, ZSTD(1)),
    upstream_us          UInt64 CODEC(T64, ZSTD(1)),
    latency              Map(Int16, UInt64) CODEC(ZSTD(1)),
    error_latency        Map(Int16, UInt64) CODEC(ZSTD(1)),
    upstream_latency     Map(Int16, UInt64) CODEC(ZSTD(1)),
    gateway_latency      Map(Int16, UInt64) CODEC(ZSTD(1)),
    build                UInt64 CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYear(time)
ORDER BY (environment, api, api_version, gateway_kind, gateway, reporter, time)
SETTINGS index_granularity = 1024, fsync_after_insert = 1;

-- By hour, route and method.
CREATE TABLE IF NOT EXISTS route_1h
(
    time                 DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    environment          LowCardinality(String),
    gateway_kind         LowCardinality(String),
    gateway              LowCardinality(String),
    reporter             LowCardinality(String),
    api                  LowCardinality(String),
    api_version          LowCardinality(String),
    route                LowCardinality(String),
    method               LowCardinality(String),
    requests             UInt64 CODEC(T64, ZSTD(1)),
    status_2xx           UInt64 CODEC(T64, ZSTD(1)),
    status_3xx           UInt64 CODEC(T64, ZSTD(1)),
    status_4xx           UInt64 CODEC(T64, ZSTD(1)),
    status_5xx           UInt64 CODEC(T64, ZSTD(1)),
    status_other         UInt64 CODEC(T64, ZSTD(1)),
    fault_backend        UInt64 CODEC(T64, ZSTD(1)),
    fault_policy         UInt64 CODEC(T64, ZSTD(1)),
    fault_client         UInt64 CODEC(T64, ZSTD(1)),
    fault_config         UInt64 CODEC(T64, ZSTD(1)),
    policy_violations    UInt64 CODEC(T64, ZSTD(1)),
    policy_errors        UInt64 CODEC(T64, ZSTD(1)),
    request_bytes        UInt64 CODEC(T64, ZSTD(1)),
    response_bytes       UInt64 CODEC(T64, ZSTD(1)),
    duration_us          UInt64 CODEC(T64, ZSTD(1)),
    duration_max_us      UInt64 CODEC(T64, ZSTD(1)),
    upstream_requests    UInt64 CODEC(T64, ZSTD(1)),
    upstream_duration_us UInt64 CODEC(T64, ZSTD(1)),
    upstream_us          UInt64 CODEC(T64, ZSTD(1)),
    latency              Map(Int16, UInt64) CODEC(ZSTD(1)),
    error_latency        Map(Int16, UInt64) CODEC(ZSTD(1)),
    build                UInt64 CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (environment, api, api_version, gateway_kind, gateway, reporter, route, method, time)
SETTINGS index_granularity = 1024, fsync_after_insert = 1;

-- By hour and consumer: who uses what how much.
CREATE TABLE IF NOT EXISTS consumer_1h
(
    time                 DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    environment          LowCardinality(String),
    gateway_kind         LowCardinality(String),
    gateway              LowCardinality(String),
    reporter             LowCardinality(String),
    api                  LowCardinality(String),
    api_version          LowCardinality(String),
    consumer             LowCardinality(String),
    requests             UInt64 CODEC(T64, ZSTD(1)),
    status_2xx           UInt64 CODEC(T64, ZSTD(1)),
    status_3xx           UInt64 CODEC(T64, ZSTD(1)),
    status_4xx           UInt64 CODEC(T64, ZSTD(1)),
    status_5xx           UInt64 CODEC(T64, ZSTD(1)),
    status_other         UInt64 CODEC(T64, ZSTD(1)),
    fault_policy         UInt64 CODEC(T64, ZSTD(1)),
    policy_violations    UInt64 CODEC(T64, ZSTD(1)),
    policy_errors        UInt64 CODEC(T64, ZSTD(1)),
    request_bytes        UInt64 CODEC(T64, ZSTD(1)),
    response_bytes       UInt64 CODEC(T64, ZSTD(1)),
    duration_us          UInt64 CODEC(T64, ZSTD(1)),
    duration_max_us      UInt64 CODEC(T64, ZSTD(1)),
    latency              Map(Int16, UInt64) CODEC(ZSTD(1)),
    build                UInt64 CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (environment, api, api_version, gateway_kind, gateway, reporter, consumer, time)
SETTINGS index_granularity = 1024, fsync_after_insert = 1;

-- The same by day.
CREATE TABLE IF NOT EXISTS consumer_1d
(
    time                 DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    environment          LowCardinality(String),
    gateway_kind         LowCardinality(String),
    gateway              LowCardinality(String),
    reporter             LowCardinality(String),
    api                  LowCardinality(String),
    api_version          LowCardinality(String),
    consumer             LowCardinality(String),
    requests             UInt64 CODEC(T64, ZSTD(1)),
    status_2xx           UInt64 CODEC(T64, ZSTD(1)),
    status_3xx           UInt64 CODEC(T64, ZSTD(1)),
    status_4xx           UInt64 CODEC(T64, ZSTD(1)),
    status_5xx           UInt64 CODEC(T64, ZSTD(1)),
    status_other         UInt64 CODEC(T64, ZSTD(1)),
    fault_policy         UInt64 CODEC(T64, ZSTD(1)),
    policy_violations    UInt64 CODEC(T64, ZSTD(1)),
    policy_errors        UInt64 CODEC(T64, ZSTD(1)),
    request_bytes        UInt64 CODEC(T64, ZSTD(1)),
    response_bytes       UInt64 CODEC(T64, ZSTD(1)),
    duration_us          UInt64 CODEC(T64, ZSTD(1)),
    duration_max_us      UInt64 CODEC(T64, ZSTD(1)),
    latency              Map(Int16, UInt64) CODEC(ZSTD(1)),
    build                UInt64 CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYear(time)
ORDER BY (environment, api, api_version, gateway_kind, gateway, reporter, consumer, time)
SETTINGS index_granularity = 1024, fsync_after_insert = 1;

-- Why requests failed, by ten minutes: those alone that have a fault or a policy.
CREATE TABLE IF NOT EXISTS fault_10m
(
    time                 DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    environment          LowCardinality(String),
    gateway_kind         LowCardinality(String),
    gateway              LowCardinality(String),
    reporter             LowCardinality(String),
    api                  LowCardinality(String),
    api_version          LowCardinality(String),
    fault                LowCardinality(String),
    policy               LowCardinality(String),
    policy_outcome       LowCardinality(String),
    response_flags       LowCardinality(String),
    status               UInt16,
    upstream             LowCardinality(String),
    requests             UInt64 CODEC(T64, ZSTD(1)),
    last_seen            DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    build                UInt64 CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (environment, api, api_version, gateway_kind, gateway, reporter, fault, policy, policy_outcome,
    response_flags, status, upstream, time)
SETTINGS index_granularity = 1024, fsync_after_insert = 1;

CREATE VIEW IF NOT EXISTS usage_10m AS
SELECT * EXCEPT (build)
FROM api_10m
WHERE build IN (SELECT build FROM rollup_windows FINAL WHERE name = 'api_10m')
    AND (reporter != 'source' OR (environment, api) NOT IN (SELECT environment, api FROM mesh_destinations));

CREATE VIEW IF NOT EXISTS usage_1d AS
SELECT * EXCEPT (build)
FROM api_1d
WHERE build IN (SELECT build FROM rollup_windows FINAL WHERE name = 'api_1d')
    AND (reporter != 'source' OR (environment, api) NOT IN (SELECT environment, api FROM mesh_destinations));

CREATE VIEW IF NOT EXISTS usage_route_1h AS
SELECT * EXCEPT (build)
FROM route_1h
WHERE build IN (SELECT build FROM rollup_windows FINAL WHERE name = 'route_1h')
    AND (reporter != 'source' OR (environment, api) NOT IN (SELECT environment, api FROM mesh_destinations));

CREATE VIEW IF NOT EXISTS usage_consumer_1h AS
SELECT * EXCEPT (build)
FROM consumer_1h
WHERE build IN (SELECT build FROM rollup_windows FINAL WHERE name = 'consumer_1h')
    AND (reporter != 'source' OR (environment, api) NOT IN (SELECT environment, api FROM mesh_destinations));

CREATE VIEW IF NOT EXISTS usage_consumer_1d AS
SELECT * EXCEPT (build)
FROM consumer_1d
WHERE build IN (SELECT build FROM rollup_windows FINAL WHERE name = 'consumer_1d')
    AND (reporter != 'source' OR (environment, api) NOT IN (SELECT environment, api FROM mesh_destinations));

CREATE VIEW IF NOT EXISTS usage_fault_10m AS
SELECT * EXCEPT (build)
FROM fault_10m
WHERE build IN (SELECT build FROM rollup_windows FINAL WHERE name = 'fault_10m')
    AND (reporter != 'source' OR (environment, api) NOT IN (SELECT environment, api FROM mesh_destinations));
