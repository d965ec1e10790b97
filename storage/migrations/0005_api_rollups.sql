-- Whether a request that a source sidecar told of cannot have reached its destination, so that nobody else told of it.
-- Flags: https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
CREATE FUNCTION IF NOT EXISTS never_left_source AS (response_flags) -> hasAny(
    splitByChar(',', toString(response_flags)),
    ['UH', 'UF', 'UO', 'NR', 'NC', 'DF', 'LH', 'FI', 'RL', 'RLSE', 'UAEX', 'IH', 'NFCF', 'OM']
);

-- Requests by minute and API: what dashboards, alerts and usage reports read. Views of a sidecar pair are kept apart by
-- reporter; read usage_1m, which counts each request once.
CREATE TABLE IF NOT EXISTS api_1m
(
    minute               DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    environment          LowCardinality(String),
    gateway_kind         LowCardinality(String),
    gateway              LowCardinality(String),
    -- As in requests, but 'source_only' for a request that never left its source sidecar.
    reporter             LowCardinality(String),
    api                  LowCardinality(String),
    api_version          LowCardinality(String),
    requests             SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    -- Requests by class of the response's status; other counts 1xx, 0 and what is no HTTP status.
    status_2xx           SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    status_3xx           SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    status_4xx           SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    status_5xx           SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    status_other         SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    -- Failed requests by whose fault it was.
    fault_backend        SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    fault_policy         SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    fault_client         SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    fault_config         SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    request_bytes        SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    response_bytes       SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    duration_us          SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    duration_max_us      SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    -- Of the requests whose upstream time is known: how many, their duration, and the upstream's part of it.
    upstream_requests    SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    upstream_duration_us SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    upstream_us          SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    -- Exponential histogram of duration_us: latency_bucket -> requests.
    latency              SimpleAggregateFunction(sumMap, Map(Int16, UInt64)) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (environment, api, api_version, gateway_kind, gateway, reporter, minute)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1;

-- Requests are counted by latency bucket first: a map of one entry per group costs a third of one per request.
CREATE MATERIALIZED VIEW IF NOT EXISTS api_1m_from_requests TO api_1m AS
SELECT
    minute,
    environment,
    gateway_kind,
    gateway,
    reporter,
    api,
    api_version,
    sum(bucket_requests) AS requests,
    sum(bucket_status_2xx) AS status_2xx,
    sum(bucket_status_3xx) AS status_3xx,
    sum(bucket_status_4xx) AS status_4xx,
    sum(bucket_status_5xx) AS status_5xx,
    sum(bucket_status_other) AS status_other,
    sum(bucket_fault_backend) AS fault_backend,
    sum(bucket_fault_policy) AS fault_policy,
    sum(bucket_fault_client) AS fault_client,
    sum(bucket_fault_config) AS fault_config,
    sum(bucket_request_bytes) AS request_bytes,
    sum(bucket_response_bytes) AS response_bytes,
    sum(bucket_duration_us) AS duration_us,
    max(bucket_duration_max_us) AS duration_max_us,
    sum(bucket_upstream_requests) AS upstream_requests,
    sum(bucket_upstream_duration_us) AS upstream_duration_us,
    sum(bucket_upstream_us) AS upstream_us,
    sumMap(map(bucket, bucket_requests)) AS latency
FROM
(
    SELECT
        toStartOfMinute(time) AS minute,
        environment,
        gateway_kind,
        gateway,
        if(seen.reporter = 'source' AND never_left_source(response_flags), 'source_only', seen.reporter) AS reporter,
        api,
        api_version,
        latency_bucket(seen.duration_us) AS bucket,
        count() AS bucket_requests,
        countIf(status BETWEEN 200 AND 299) AS bucket_status_2xx,
        countIf(status BETWEEN 300 AND 399) AS bucket_status_3xx,
        countIf(status BETWEEN 400 AND 499) AS bucket_status_4xx,
        countIf(status BETWEEN 500 AND 599) AS bucket_status_5xx,
        countIf(status < 200 OR status > 599) AS bucket_status_other,
        countIf(fault = 'backend') AS bucket_fault_backend,
        countIf(fault = 'policy') AS bucket_fault_policy,
        countIf(fault = 'client') AS bucket_fault_client,
        countIf(fault = 'config') AS bucket_fault_config,
        sum(seen.request_bytes) AS bucket_request_bytes,
        sum(seen.response_bytes) AS bucket_response_bytes,
        sum(seen.duration_us) AS bucket_duration_us,
        max(seen.duration_us) AS bucket_duration_max_us,
        count(seen.upstream_us) AS bucket_upstream_requests,
        sumIf(seen.duration_us, seen.upstream_us IS NOT NULL) AS bucket_upstream_duration_us,
        sum(ifNull(seen.upstream_us, 0)) AS bucket_upstream_us
    FROM requests AS seen
    GROUP BY minute, environment, gateway_kind, gateway, reporter, api, api_version, bucket
)
GROUP BY minute, environment, gateway_kind, gateway, reporter, api, api_version;

-- The same by hour, for windows longer than a day.
CREATE TABLE IF NOT EXISTS api_1h
(
    hour                 DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    environment          LowCardinality(String),
    gateway_kind         LowCardinality(String),
    gateway              LowCardinality(String),
    -- As in requests, but 'source_only' for a request that never left its source sidecar.
    reporter             LowCardinality(String),
    api                  LowCardinality(String),
    api_version          LowCardinality(String),
    requests             SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    -- Requests by class of the response's status; other counts 1xx, 0 and what is no HTTP status.
    status_2xx           SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    status_3xx           SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    status_4xx           SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    status_5xx           SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    status_other         SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    -- Failed requests by whose fault it was.
    fault_backend        SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    fault_policy         SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    fault_client         SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    fault_config         SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    request_bytes        SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    response_bytes       SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    duration_us          SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    duration_max_us      SimpleAggregateFunction(max, UInt64) CODEC(T64, ZSTD(1)),
    -- Of the requests whose upstream time is known: how many, their duration, and the upstream's part of it.
    upstream_requests    SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    upstream_duration_us SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    upstream_us          SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    -- Exponential histogram of duration_us: latency_bucket -> requests.
    latency              SimpleAggregateFunction(sumMap, Map(Int16, UInt64)) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (environment, api, api_version, gateway_kind, gateway, reporter, hour)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS api_1h_from_api_1m TO api_1h AS
SELECT
    toStartOfHour(minute) AS hour,
    environment,
    gateway_kind,
    gateway,
    reporter,
    api,
    api_version,
    sum(minutes.requests) AS requests,
    sum(minutes.status_2xx) AS status_2xx,
    sum(minutes.status_3xx) AS status_3xx,
    sum(minutes.status_4xx) AS status_4xx,
    sum(minutes.status_5xx) AS status_5xx,
    sum(minutes.status_other) AS status_other,
    sum(minutes.fault_backend) AS fault_backend,
    sum(minutes.fault_policy) AS fault_policy,
    sum(minutes.fault_client) AS fault_client,
    sum(minutes.fault_config) AS fault_config,
    sum(minutes.request_bytes) AS request_bytes,
    sum(minutes.response_bytes) AS response_bytes,
    sum(minutes.duration_us) AS duration_us,
    max(minutes.duration_max_us) AS duration_max_us,
    sum(minutes.upstream_requests) AS upstream_requests,
    sum(minutes.upstream_duration_us) AS upstream_duration_us,
    sum(minutes.upstream_us) AS upstream_us,
    sumMap(minutes.latency) AS latency
FROM api_1m AS minutes
GROUP BY hour, environment, gateway_kind, gateway, reporter, api, api_version;
