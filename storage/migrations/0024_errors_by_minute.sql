-- What Apdex and policies' figures of the running hour are worked out from, as every other roll-up by API has it: without
-- it they were counted from single requests (docs/decisions/0023-questions.md).
ALTER TABLE api_1m ADD COLUMN IF NOT EXISTS policy_violations SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1));

ALTER TABLE api_1m ADD COLUMN IF NOT EXISTS policy_errors SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1));

-- The part of `latency` that is of errors.
ALTER TABLE api_1m
    ADD COLUMN IF NOT EXISTS error_latency SimpleAggregateFunction(sumMap, Map(Int16, UInt64)) CODEC(ZSTD(1));

ALTER TABLE api_1h ADD COLUMN IF NOT EXISTS policy_violations SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1));

ALTER TABLE api_1h ADD COLUMN IF NOT EXISTS policy_errors SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1));

ALTER TABLE api_1h
    ADD COLUMN IF NOT EXISTS error_latency SimpleAggregateFunction(sumMap, Map(Int16, UInt64)) CODEC(ZSTD(1));

-- The order of api_1m has the minute last, so that a question about an hour of all APIs reads nearly all of a month. Here the
-- hour is first; ClickHouse reads whichever has fewer rows for a question. It is made anew when parts are merged.
ALTER TABLE api_1m MODIFY SETTING deduplicate_merge_projection_mode = 'rebuild';

ALTER TABLE api_1m ADD PROJECTION IF NOT EXISTS by_hour
(
    SELECT * ORDER BY toStartOfHour(minute), environment, api, api_version, gateway_kind, gateway, reporter, minute
);

-- In the background, for what is stored already.
ALTER TABLE api_1m MATERIALIZE PROJECTION by_hour;

-- Since when a roll-up that is filled as requests are stored has all of its columns; before, those of this migration are
-- empty. The latest row of a name holds.
CREATE TABLE IF NOT EXISTS rollup_since
(
    name  LowCardinality(String),
    since DateTime('UTC')
)
ENGINE = MergeTree
ORDER BY (name, since)
SETTINGS fsync_after_insert = 1;

CREATE OR REPLACE MATERIALIZED VIEW api_1h_from_api_1m TO api_1h AS
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
    sum(minutes.policy_violations) AS policy_violations,
    sum(minutes.policy_errors) AS policy_errors,
    sum(minutes.request_bytes) AS request_bytes,
    sum(minutes.response_bytes) AS response_bytes,
    sum(minutes.duration_us) AS duration_us,
    max(minutes.duration_max_us) AS duration_max_us,
    sum(minutes.upstream_requests) AS upstream_requests,
    sum(minutes.upstream_duration_us) AS upstream_duration_us,
    sum(minutes.upstream_us) AS upstream_us,
    sumMap(minutes.latency) AS latency,
    sumMap(minutes.error_latency) AS error_latency
FROM api_1m AS minutes
GROUP BY hour, environment, gateway_kind, gateway, reporter, api, api_version;

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
        map(latency_bucket(seen.duration_us), toUInt64(1)),
        seen.duration_us IS NOT NULL AND (status < 200 OR status > 499)
    ) AS error_latency
FROM requests AS seen
GROUP BY minute, environment, gateway_kind, gateway, reporter, api, api_version;

-- The hour after the next one, for clocks differ; a store that has no request yet has all of them from the beginning.
INSERT INTO rollup_since
SELECT 'errors_by_minute', if((SELECT count() FROM api_1m) = 0, toDateTime(0, 'UTC'), toStartOfHour(now('UTC')) + INTERVAL 2 HOUR);

CREATE OR REPLACE VIEW usage_1m AS
SELECT *
FROM api_1m
WHERE reporter != 'source' OR one_api(environment, api) NOT IN (SELECT one_api(environment, api) FROM mesh_destinations);

CREATE OR REPLACE VIEW usage_1h AS
SELECT *
FROM api_1h
WHERE reporter != 'source' OR one_api(environment, api) NOT IN (SELECT one_api(environment, api) FROM mesh_destinations);
