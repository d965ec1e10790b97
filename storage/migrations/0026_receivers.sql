-- Receivers of alerts that people made; read it with FINAL. It holds secrets, so people's SQL may not read it.
CREATE TABLE IF NOT EXISTS alert_receivers
(
    name       String,
    -- As YAML, with the keys of a receiver of the rule file.
    definition String,
    updated_by String,
    deleted    UInt8,
    updated_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY name
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1;
