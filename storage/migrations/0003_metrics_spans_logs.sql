-- One row per sample of a metric: CPU, memory, connections of gateways and sidecars.
CREATE TABLE IF NOT EXISTS metrics
(
    time          DateTime64(3, 'UTC')                  CODEC(DoubleDelta, ZSTD(1)),
    environment   LowCardinality(String),
    gateway_kind  LowCardinality(String),
    gateway       LowCardinality(String),
    -- service.instance.id of the gateway or sidecar, or the address that was scraped.
    instance      LowCardinality(String),
    -- As the source names it, e.g. 'envoy_server_memory_allocated'.
    name          LowCardinality(String),
    -- 'gauge', 'sum', 'histogram', 'exponential_histogram', 'summary' or 'unknown'.
    kind          LowCardinality(String),
    -- UCUM, e.g. 'By', 's'; '' when unknown.
    unit          LowCardinality(String),
    labels        Map(LowCardinality(String), String)   CODEC(ZSTD(1)),
    -- The value of a gauge or a sum; the sum of a histogram.
    value         Float64                               CODEC(Gorilla, ZSTD(1)),
    -- Of histograms: how many values, and how many in each bucket up to each bound.
    count         UInt64                                CODEC(T64, ZSTD(1)),
    bounds        Array(Float64)                        CODEC(ZSTD(1)),
    bucket_counts Array(UInt64)                         CODEC(ZSTD(1)),
    format        LowCardinality(String),
    segment_id    LowCardinality(String),
    ingested_at   DateTime64(6, 'UTC')                  CODEC(Delta, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (environment, name, gateway, instance, time)
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, fsync_after_insert = 1;

-- One row per span. Sources sample them: link them by trace_id, never count requests from them.
CREATE TABLE IF NOT EXISTS spans
(
    time            DateTime64(6, 'UTC')                CODEC(DoubleDelta, ZSTD(1)),
    environment     LowCardinality(String),
    gateway_kind    LowCardinality(String),
    gateway         LowCardinality(String),
    instance        LowCardinality(String),
    trace_id        String                              CODEC(ZSTD(1)),
    span_id         String                              CODEC(ZSTD(1)),
    parent_span_id  String                              CODEC(ZSTD(1)),
    -- service.name.
    service         LowCardinality(String),
    name            LowCardinality(String),
    -- 'server', 'client', 'internal', 'producer', 'consumer' or ''.
    kind            LowCardinality(String),
    -- 'ok', 'error' or ''.
    status          LowCardinality(String),
    duration_us     UInt64                              CODEC(T64, ZSTD(1)),
    attributes      Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    format          LowCardinality(String),
    segment_id      LowCardinality(String),
    ingested_at     DateTime64(6, 'UTC')                CODEC(Delta, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (environment, service, time, trace_id)
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, fsync_after_insert = 1;

-- One row per runtime log record.
CREATE TABLE IF NOT EXISTS logs
(
    time          DateTime64(6, 'UTC')                  CODEC(DoubleDelta, ZSTD(1)),
    environment   LowCardinality(String),
    gateway_kind  LowCardinality(String),
    gateway       LowCardinality(String),
    instance      LowCardinality(String),
    -- As OpenTelemetry spells it: 'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'; '' when unknown.
    severity      LowCardinality(String),
    body          String                                CODEC(ZSTD(1)),
    trace_id      String                                CODEC(ZSTD(1)),
    span_id       String                                CODEC(ZSTD(1)),
    attributes    Map(LowCardinality(String), String)   CODEC(ZSTD(1)),
    format        LowCardinality(String),
    segment_id    LowCardinality(String),
    ingested_at   DateTime64(6, 'UTC')                  CODEC(Delta, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(time)
ORDER BY (environment, gateway, time)
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, fsync_after_insert = 1;
