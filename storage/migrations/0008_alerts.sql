-- What alerting has done and where it stands, so that a restart goes on from there.

-- One row per change of an alert's state.
CREATE TABLE IF NOT EXISTS alert_history
(
    time           DateTime64(3, 'UTC')                  CODEC(DoubleDelta, ZSTD(1)),
    rule           LowCardinality(String),
    -- Of the labels, as Alertmanager computes it, e.g. '4370843950244bc7'.
    fingerprint    String                                CODEC(ZSTD(1)),
    -- All of them, alertname and severity too.
    labels         Map(LowCardinality(String), String)   CODEC(ZSTD(1)),
    -- 'inactive', 'pending', 'firing' or 'resolved'.
    state          LowCardinality(String),
    previous_state LowCardinality(String),
    measure        LowCardinality(String),
    -- Of the measure; of an alert that ended, the last that met the rule.
    value          Float64                               CODEC(ZSTD(1)),
    -- e.g. '>' and 0.05.
    op             LowCardinality(String),
    threshold      Float64                               CODEC(ZSTD(1)),
    severity       LowCardinality(String),
    receiver       LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (time, rule, fingerprint)
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, fsync_after_insert = 1;

-- Each alert as its last evaluation left it; read it with FINAL. One that is over says 'inactive'.
CREATE TABLE IF NOT EXISTS alert_states
(
    rule              LowCardinality(String),
    fingerprint       String,
    -- 'inactive', 'pending', 'firing' or 'resolved' (which is told, and then becomes 'inactive').
    state             LowCardinality(String),
    labels            Map(LowCardinality(String), String),
    annotations       Map(LowCardinality(String), String),
    severity          LowCardinality(String),
    receiver          LowCardinality(String),
    measure           LowCardinality(String),
    value             Float64,
    op                LowCardinality(String),
    threshold         Float64,
    -- When the condition became true, when it had held for long enough, and when it ended.
    active_at         DateTime64(6, 'UTC'),
    fired_at          Nullable(DateTime64(6, 'UTC')),
    resolved_at       Nullable(DateTime64(6, 'UTC')),
    -- Since when it fires only because of keep_firing_for.
    keep_firing_since Nullable(DateTime64(6, 'UTC')),
    -- The state that its receiver was last told ('' for none), and when.
    notified_state    LowCardinality(String),
    notified_at       Nullable(DateTime64(6, 'UTC')),
    updated_at        DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY (rule, fingerprint)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1;
