-- A mesh tells of each request twice, once by the source's sidecar and once by the destination's. Usage and performance
-- count it once: by the destination where the API has a sidecar that reports, by the source where it has none, and by
-- the source too for what never reached the destination. Everything that counts requests reads these views.

-- The APIs whose own sidecars report.
CREATE TABLE IF NOT EXISTS mesh_destinations
(
    environment LowCardinality(String),
    api         LowCardinality(String)
)
ENGINE = ReplacingMergeTree
ORDER BY (environment, api)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS mesh_destinations_from_requests TO mesh_destinations AS
SELECT DISTINCT environment, api
FROM requests
WHERE reporter = 'destination';

CREATE VIEW IF NOT EXISTS usage_1m AS
SELECT *
FROM api_1m
WHERE reporter != 'source' OR (environment, api) NOT IN (SELECT environment, api FROM mesh_destinations);

CREATE VIEW IF NOT EXISTS usage_1h AS
SELECT *
FROM api_1h
WHERE reporter != 'source' OR (environment, api) NOT IN (SELECT environment, api FROM mesh_destinations);

CREATE VIEW IF NOT EXISTS usage_requests AS
SELECT *
FROM requests
WHERE reporter != 'source'
    OR never_left_source(response_flags)
    OR (environment, api) NOT IN (SELECT environment, api FROM mesh_destinations);
