-- A request of which no gateway tells how long it took has no duration: 0 is less than the clock's tick, and known.
-- What was stored before keeps its 0. requests_from_intake hands on what it is given, and stays.
ALTER TABLE requests MODIFY COLUMN duration_us Nullable(UInt64) CODEC(T64, ZSTD(1));

ALTER TABLE intake MODIFY COLUMN duration_us Nullable(UInt64);

-- The bucket of a duration; 0 counts as 1 microsecond. It is never NULL, since no map has such a key: who asks leaves
-- unknown durations out.
CREATE OR REPLACE FUNCTION latency_bucket AS (duration_us) -> toInt16(
    ceil(log2(greatest(ifNull(duration_us, 0), 1)) * 32) - 1
);

-- A histogram counts known durations alone; an unknown one shares the bucket of 0, and adds nothing to it. What begins
-- with upstream_ is of the requests of which both times are known: their difference is the gateway's.
-- Replaced and not modified: an embedded view whose query was modified has another identity until the next start, and
-- would count once more what is tried again.
CREATE OR REPLACE MATERIALIZED VIEW api_1m_from_requests TO api_1m AS
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
    sumMapIf(map(bucket, bucket_durations), bucket_durations > 0) AS latency
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
        count(seen.duration_us) AS bucket_durations,
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
        sum(ifNull(seen.duration_us, 0)) AS bucket_duration_us,
        max(ifNull(seen.duration_us, 0)) AS bucket_duration_max_us,
        countIf(seen.duration_us IS NOT NULL AND seen.upstream_us IS NOT NULL) AS bucket_upstream_requests,
        sum(if(seen.upstream_us IS NULL, 0, ifNull(seen.duration_us, 0))) AS bucket_upstream_duration_us,
        sum(if(seen.duration_us IS NULL, 0, ifNull(seen.upstream_us, 0))) AS bucket_upstream_us
    FROM requests AS seen
    GROUP BY minute, environment, gateway_kind, gateway, reporter, api, api_version, bucket
)
GROUP BY minute, environment, gateway_kind, gateway, reporter, api, api_version;

-- A view keeps the types that it was made with.
CREATE OR REPLACE VIEW usage_requests AS
SELECT *
FROM requests
WHERE reporter != 'source'
    OR never_left_source(response_flags)
    OR (environment, api) NOT IN (SELECT environment, api FROM mesh_destinations);

-- A histogram of nothing but 0 is one of known durations again.
CREATE OR REPLACE FUNCTION latency_percentile AS (histogram, q) -> if(
    empty(histogram),
    NULL,
    exp2((arrayElement(
        mapKeys(histogram),
        arrayFirstIndex(
            reached -> reached >= greatest(1, ceil(q * arraySum(mapValues(histogram)))),
            arrayCumSum(mapValues(histogram))
        )
    ) + 0.5) / 32)
);

CREATE OR REPLACE FUNCTION latency_apdex AS (histogram, threshold_us) -> if(
    empty(histogram),
    NULL,
    (latency_count_within(histogram, threshold_us) + latency_count_within(histogram, 4 * threshold_us))
        / 2 / arraySum(mapValues(histogram))
);
