-- In which hours an id of a request or of a trace is, so that one request is found without reading the Bloom filters of all
-- (docs/decisions/0031-finding-by-id.md). processors/rollups fills it in the background, also for what is stored already.

-- Of 28 bits, sorted neighbours of which differ by a byte: two ids of one value only cost another hour to look at.
CREATE FUNCTION IF NOT EXISTS id_hash AS id -> toUInt32(bitShiftRight(cityHash64(id), 36));

CREATE TABLE IF NOT EXISTS id_1h
(
    -- Of a request_id or a trace_id.
    id_hash UInt32                 CODEC(Delta, ZSTD(1)),
    -- As in rollup_windows, whose last 20 bits are the hour; one of a few numbers, which take half a byte.
    build   LowCardinality(UInt64) CODEC(ZSTD(1))
)
ENGINE = MergeTree
-- By day, as requests are.
PARTITION BY toDate(toDateTime(bitAnd(build, 1048575) * 3600, 'UTC'))
ORDER BY id_hash
SETTINGS fsync_after_insert = 1, allow_suspicious_low_cardinality_types = 1;

-- Spans are told apart by services and times alone, and a call is looked for by its trace too.
ALTER TABLE spans ADD INDEX IF NOT EXISTS trace_id_bloom trace_id TYPE bloom_filter(0.01) GRANULARITY 1;

-- In the background, for what is stored already.
ALTER TABLE spans MATERIALIZE INDEX trace_id_bloom;
