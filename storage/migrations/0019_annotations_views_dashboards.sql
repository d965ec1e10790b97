-- What people keep: annotations of charts, saved views, dashboards of their own. Read each with FINAL.

-- What happened, such as a deployment, as charts over time show it.
CREATE TABLE IF NOT EXISTS annotations
(
    id         String,
    starts_at  DateTime64(3, 'UTC'),
    -- NULL for a moment.
    ends_at    Nullable(DateTime64(3, 'UTC')),
    text       String,
    tags       Array(LowCardinality(String)),
    -- The traffic that it concerns, as texts such as 'api=orders'; none for all.
    filters    Array(String),
    -- Where more is told, e.g. the page of a build; '' for nowhere.
    link       String,
    created_by String,
    deleted    UInt8,
    updated_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY id
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1;

-- Pages with their range and filters, under a name.
CREATE TABLE IF NOT EXISTS saved_views
(
    name       String,
    -- e.g. '/apis/orders'.
    path       String,
    -- The address' query, e.g. '?from=now-6h'; '' for the defaults.
    query      String,
    updated_by String,
    deleted    UInt8,
    updated_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY name
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1;

CREATE TABLE IF NOT EXISTS custom_dashboards
(
    name       String,
    -- As its author wrote it, in YAML.
    definition String,
    updated_by String,
    deleted    UInt8,
    updated_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY name
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1;
