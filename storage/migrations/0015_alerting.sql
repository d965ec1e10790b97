-- Silences, acknowledgements, rules of people, and what each channel has been told.

ALTER TABLE alert_states
    -- What was judged when the condition was last met.
    ADD COLUMN IF NOT EXISTS window_start Nullable(DateTime('UTC')),
    ADD COLUMN IF NOT EXISTS window_end   Nullable(DateTime('UTC')),
    -- What channels know is in alert_notification_log.
    DROP COLUMN IF EXISTS notified_state,
    DROP COLUMN IF EXISTS notified_at;

ALTER TABLE alert_history
    ADD COLUMN IF NOT EXISTS window_start Nullable(DateTime('UTC')),
    ADD COLUMN IF NOT EXISTS window_end   Nullable(DateTime('UTC'));

-- What each channel of a receiver knows of each group of alerts; read it with FINAL.
CREATE TABLE IF NOT EXISTS alert_notification_log
(
    receiver   LowCardinality(String),
    -- e.g. 'webhook' or 'email'.
    channel    LowCardinality(String),
    -- As Alertmanager writes it, e.g. '{}:{alertname="fails"}'.
    group_key  String,
    -- Fingerprints of alerts: told as firing and not yet as over; and tried to be told, and not taken.
    firing     Array(String),
    owed       Array(String),
    told_at    Nullable(DateTime64(6, 'UTC')),
    updated_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY (receiver, channel, group_key)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1;

-- One row for each notification that was tried to be delivered.
CREATE TABLE IF NOT EXISTS alert_deliveries
(
    time      DateTime64(3, 'UTC')   CODEC(DoubleDelta, ZSTD(1)),
    receiver  LowCardinality(String),
    channel   LowCardinality(String),
    group_key String                 CODEC(ZSTD(1)),
    -- 'firing' or 'resolved'.
    status    LowCardinality(String),
    -- Their fingerprints.
    alerts    Array(String)          CODEC(ZSTD(1)),
    -- 'delivered' or 'failed'; failed ones are tried again.
    outcome   LowCardinality(String),
    tries     UInt16,
    -- Why it failed; it holds no secret.
    error     String                 CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (time, receiver, channel)
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, fsync_after_insert = 1;

-- Whose alerts are not told; read it with FINAL. One that was ended early has its end in the past.
CREATE TABLE IF NOT EXISTS alert_silences
(
    id         String,
    -- e.g. '{api="orders",severity=~"warning|info"}'.
    matchers   String,
    starts_at  DateTime64(3, 'UTC'),
    -- NULL for one that recurs without an end.
    ends_at    Nullable(DateTime64(3, 'UTC')),
    -- The times at which it holds, as JSON of Alertmanager's time intervals; '[]' for all of the time.
    intervals  String,
    created_by String,
    comment    String,
    updated_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY id
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1;

-- Who has taken which alert; read it with FINAL.
CREATE TABLE IF NOT EXISTS alert_acknowledgements
(
    rule            LowCardinality(String),
    fingerprint     String,
    fired_at        DateTime64(6, 'UTC'),
    owner           String,
    note            String,
    acknowledged_at DateTime64(6, 'UTC'),
    updated_at      DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY (rule, fingerprint, fired_at)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1;

-- Rules that people made on the page or over the API; read it with FINAL.
CREATE TABLE IF NOT EXISTS alert_rules
(
    name       String,
    -- As YAML, with the keys of a rule file.
    definition String,
    updated_by String,
    deleted    UInt8,
    updated_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY name
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1;

-- When all rules were evaluated last, to the minute, so that a restart catches up; read it with FINAL.
CREATE TABLE IF NOT EXISTS alert_rounds
(
    -- There is one row.
    id           UInt8,
    evaluated_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(evaluated_at)
ORDER BY id
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1;
