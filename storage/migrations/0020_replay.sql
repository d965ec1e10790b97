-- Dead letters that are read again. Where one came from is kept with it, so that what it becomes is filed as it would have
-- been: the gateway that its input or its peer told, and not one that was made up for want of it.
ALTER TABLE dead_letters ADD COLUMN IF NOT EXISTS gateway LowCardinality(String) AFTER environment;

CREATE OR REPLACE MATERIALIZED VIEW dead_letters_from_intake TO dead_letters AS
SELECT ingested_at AS received_at, environment, if(gateway IN (instance, gateway_kind), '', gateway) AS gateway, format,
    reason, peer, raw AS body, segment_id
FROM intake
WHERE destination = 'dead_letters';

CREATE OR REPLACE MATERIALIZED VIEW dead_letters_from_intake_metrics TO dead_letters AS
SELECT ingested_at AS received_at, environment, if(gateway IN (instance, gateway_kind), '', gateway) AS gateway, format,
    reason, peer, raw AS body, segment_id
FROM intake_metrics
WHERE destination = 'dead_letters';

CREATE OR REPLACE MATERIALIZED VIEW dead_letters_from_intake_spans TO dead_letters AS
SELECT ingested_at AS received_at, environment, if(gateway IN (instance, gateway_kind), '', gateway) AS gateway, format,
    reason, peer, raw AS body, segment_id
FROM intake_spans
WHERE destination = 'dead_letters';

-- Batches of dead letters that were understood when they were read again. The newest row of one counts.
CREATE TABLE IF NOT EXISTS replays
(
    -- Of the segment that they became, made from what is in it.
    replay     String,
    -- Their format, and the one that they were read as.
    format     LowCardinality(String),
    read_as    LowCardinality(String),
    records    UInt64,
    -- 'begun', then 'stored' once their rows are in the tables, then 'done' once the dead letters are gone.
    state      LowCardinality(String),
    begun_at   DateTime64(6, 'UTC'),
    updated_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY replay
SETTINGS fsync_after_insert = 1;

-- Which dead letters they are; equal ones of a segment, received at the same time, are one row.
CREATE TABLE IF NOT EXISTS replayed
(
    replay      String                 CODEC(ZSTD(1)),
    segment_id  LowCardinality(String),
    format      LowCardinality(String),
    received_at DateTime64(6, 'UTC')   CODEC(Delta, ZSTD(1)),
    -- hex(sipHash128(body)).
    body_hash   String                 CODEC(ZSTD(1)),
    records     UInt64                 CODEC(T64, ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (replay, segment_id, received_at, body_hash)
SETTINGS fsync_after_insert = 1;
