-- Objectives that people made over the API, beside those of the configuration.
CREATE TABLE IF NOT EXISTS slo_objectives
(
    name       String,
    -- As JSON, with the keys of the configuration.
    definition String,
    updated_by String,
    deleted    UInt8,
    updated_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY name
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1;
