-- What was accepted and could not be understood, with its bytes, so that nothing is lost.
CREATE TABLE IF NOT EXISTS dead_letters
(
    received_at   DateTime64(6, 'UTC')                  CODEC(Delta, ZSTD(1)),
    environment   LowCardinality(String),
    format        LowCardinality(String),
    -- Why it was set aside, e.g. 'not a JSON object'.
    reason        LowCardinality(String),
    -- Who sent it: network.peer.address, or the name of an imported file.
    peer          LowCardinality(String),
    body          String                                CODEC(ZSTD(3)),
    segment_id    LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY (received_at, format)
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, fsync_after_insert = 1;

-- The books: what became of the records of each segment. records = requests + metrics + spans + logs + dead_letters.
CREATE TABLE IF NOT EXISTS books
(
    segment_id    String                                CODEC(ZSTD(1)),
    format        LowCardinality(String),
    received_at   DateTime64(6, 'UTC')                  CODEC(Delta, ZSTD(1)),
    stored_at     DateTime64(6, 'UTC') DEFAULT now64(6) CODEC(Delta, ZSTD(1)),
    records       UInt64                                CODEC(T64, ZSTD(1)),
    requests      UInt64                                CODEC(T64, ZSTD(1)),
    metrics       UInt64                                CODEC(T64, ZSTD(1)),
    spans         UInt64                                CODEC(T64, ZSTD(1)),
    logs          UInt64                                CODEC(T64, ZSTD(1)),
    dead_letters  UInt64                                CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY segment_id
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, fsync_after_insert = 1;
