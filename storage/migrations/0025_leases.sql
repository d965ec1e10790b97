-- Who does what only one process may do, such as telling people of alerts. A row is a term, and there is one row for each
-- number: the first insert of a number is kept, as each carries it as its deduplication token.
CREATE TABLE IF NOT EXISTS leases
(
    -- Of the work, e.g. 'alerts'.
    name     LowCardinality(String),
    term     UInt64,
    -- The data directory, and the process on it; both '' where the work was given up.
    holder   String,
    process  String,
    -- The first of the terms that this process has held without a break.
    tenure   UInt64,
    taken_at DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = ReplacingMergeTree(term)
ORDER BY name
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1;
