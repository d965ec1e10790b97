-- The host that a sample is of, or on which the pod runs that it is of: what is told of machines can be told of the
-- gateways on them.
ALTER TABLE metrics ADD COLUMN IF NOT EXISTS host LowCardinality(String) AFTER instance;

ALTER TABLE intake_metrics ADD COLUMN IF NOT EXISTS host LowCardinality(String) AFTER instance;

CREATE OR REPLACE MATERIALIZED VIEW metrics_from_intake_metrics TO metrics AS
SELECT time, environment, gateway_kind, gateway, instance, host, name, kind, unit, labels, value, count, bounds,
    bucket_counts, format, segment_id, ingested_at
FROM intake_metrics
WHERE destination = 'metrics';
