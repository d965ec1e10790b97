-- Who asks whom: the requests of each instance by API and upstream, filled by processors/rollups. The traffic of an
-- instance is read here too, beside its CPU.
CREATE TABLE IF NOT EXISTS edge_10m
(
    time                 DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    environment          LowCardinality(String),
    gateway_kind         LowCardinality(String),
    gateway              LowCardinality(String),
    instance             LowCardinality(String),
    -- As in api_1m.
    reporter             LowCardinality(String),
    api                  LowCardinality(String),
    upstream             LowCardinality(String),
    requests             UInt64 CODEC(T64, ZSTD(1)),
    status_2xx           UInt64 CODEC(T64, ZSTD(1)),
    status_3xx           UInt64 CODEC(T64, ZSTD(1)),
    status_4xx           UInt64 CODEC(T64, ZSTD(1)),
    status_5xx           UInt64 CODEC(T64, ZSTD(1)),
    -- 1xx, no answer, and what is no HTTP status.
    status_other         UInt64 CODEC(T64, ZSTD(1)),
    -- The sum of the known durations.
    duration_us          UInt64 CODEC(T64, ZSTD(1)),
    -- Of the requests of which both times are known: how many, their durations, and the upstream's part of them.
    upstream_requests    UInt64 CODEC(T64, ZSTD(1)),
    upstream_duration_us UInt64 CODEC(T64, ZSTD(1)),
    upstream_us          UInt64 CODEC(T64, ZSTD(1)),
    latency              Map(Int16, UInt64) CODEC(ZSTD(1)),
    build                UInt64 CODEC(DoubleDelta, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (environment, gateway, instance, api, upstream, gateway_kind, reporter, time)
SETTINGS index_granularity = 1024, fsync_after_insert = 1;

CREATE VIEW IF NOT EXISTS usage_edge_10m AS
SELECT * EXCEPT (build)
FROM edge_10m
WHERE build IN (SELECT build FROM rollup_windows FINAL WHERE name = 'edge_10m')
    AND (reporter != 'source' OR (environment, api) NOT IN (SELECT environment, api FROM mesh_destinations));

-- What each gateway and sidecar handled: of a mesh both ends.
CREATE VIEW IF NOT EXISTS handled_edge_10m AS
SELECT * EXCEPT (build)
FROM edge_10m
WHERE build IN (SELECT build FROM rollup_windows FINAL WHERE name = 'edge_10m');
