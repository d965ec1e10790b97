-- What an access log costs ClickHouse alone: 19 fields of each JSON line in a table, and one roll-up. It has none of what
-- Gatelens does beside: APIs, routes and faults, lines that are something else, dead letters, books.
CREATE TABLE bare_requests
(
    start_time                DateTime64(6, 'UTC')   CODEC(DoubleDelta, ZSTD(1)),
    route_name                LowCardinality(String) CODEC(ZSTD(1)),
    method                    LowCardinality(String) CODEC(ZSTD(1)),
    path                      String                 CODEC(ZSTD(1)),
    protocol                  LowCardinality(String) CODEC(ZSTD(1)),
    response_code             UInt16                 CODEC(ZSTD(1)),
    response_flags            LowCardinality(String) CODEC(ZSTD(1)),
    bytes_received            UInt64                 CODEC(T64, ZSTD(1)),
    bytes_sent                UInt64                 CODEC(T64, ZSTD(1)),
    duration                  UInt64                 CODEC(T64, ZSTD(1)),
    upstream_service_time     UInt64                 CODEC(T64, ZSTD(1)),
    x_forwarded_for           String                 CODEC(ZSTD(1)),
    user_agent                LowCardinality(String) CODEC(ZSTD(1)),
    request_id                String                 CODEC(ZSTD(1)),
    authority                 LowCardinality(String) CODEC(ZSTD(1)),
    upstream_host             LowCardinality(String) CODEC(ZSTD(1)),
    upstream_cluster          LowCardinality(String) CODEC(ZSTD(1)),
    downstream_remote_address String                 CODEC(ZSTD(1)),
    requested_server_name     LowCardinality(String) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(start_time)
ORDER BY (route_name, toStartOfHour(start_time), start_time)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1;

CREATE TABLE bare_1m
(
    minute     DateTime('UTC'),
    route_name LowCardinality(String),
    requests   SimpleAggregateFunction(sum, UInt64),
    errors     SimpleAggregateFunction(sum, UInt64),
    bytes      SimpleAggregateFunction(sum, UInt64),
    latency    SimpleAggregateFunction(sumMap, Map(Int16, UInt64))
)
ENGINE = AggregatingMergeTree
ORDER BY (route_name, minute);

CREATE MATERIALIZED VIEW bare_1m_from_requests TO bare_1m AS
SELECT
    minute,
    route_name,
    sum(bucket_requests) AS requests,
    sum(bucket_errors) AS errors,
    sum(bucket_bytes) AS bytes,
    sumMap(map(bucket, bucket_requests)) AS latency
FROM
(
    SELECT
        toStartOfMinute(start_time) AS minute,
        route_name,
        toInt16(ceil(log2(greatest(duration * 1000, 1)) * 32) - 1) AS bucket,
        count() AS bucket_requests,
        countIf(response_code >= 500) AS bucket_errors,
        sum(bytes_sent) AS bucket_bytes
    FROM bare_requests
    GROUP BY minute, route_name, bucket
)
GROUP BY minute, route_name;
