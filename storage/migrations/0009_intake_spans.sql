-- Where transforms of traces insert, as into intake (0006): one block per segment, handed on by views.
CREATE TABLE IF NOT EXISTS intake_spans
(
    -- 'spans' or 'dead_letters'.
    destination     LowCardinality(String),
    -- Of a dead letter: why, and its bytes.
    reason          LowCardinality(String),
    raw             String,
    peer            LowCardinality(String),
    -- As in spans.
    time            DateTime64(6, 'UTC'),
    environment     LowCardinality(String),
    gateway_kind    LowCardinality(String),
    gateway         LowCardinality(String),
    instance        LowCardinality(String),
    trace_id        String,
    span_id         String,
    parent_span_id  String,
    service         LowCardinality(String),
    name            LowCardinality(String),
    kind            LowCardinality(String),
    status          LowCardinality(String),
    duration_us     UInt64,
    attributes      Map(LowCardinality(String), String),
    format          LowCardinality(String),
    segment_id      LowCardinality(String),
    ingested_at     DateTime64(6, 'UTC')
)
ENGINE = Null;

CREATE MATERIALIZED VIEW IF NOT EXISTS spans_from_intake_spans TO spans AS
SELECT time, environment, gateway_kind, gateway, instance, trace_id, span_id, parent_span_id, service, name, kind, status,
    duration_us, attributes, format, segment_id, ingested_at
FROM intake_spans
WHERE destination = 'spans';

CREATE MATERIALIZED VIEW IF NOT EXISTS dead_letters_from_intake_spans TO dead_letters AS
SELECT ingested_at AS received_at, environment, format, reason, peer, raw AS body, segment_id
FROM intake_spans
WHERE destination = 'dead_letters';

CREATE MATERIALIZED VIEW IF NOT EXISTS books_from_intake_spans TO books AS
SELECT
    segment_id,
    format,
    max(ingested_at) AS received_at,
    count() AS records,
    toUInt64(0) AS requests,
    toUInt64(0) AS metrics,
    countIf(destination = 'spans') AS spans,
    toUInt64(0) AS logs,
    countIf(destination = 'dead_letters') AS dead_letters
FROM intake_spans
GROUP BY segment_id, format;
