-- Where transforms insert: one block per segment, handed on by views to the table that each record belongs to and to the
-- books. Nothing is kept here. One insert for all tables means that a record is parsed once, and that one token makes a
-- retry exact in every table and roll-up (docs/decisions/0002-intake.md).
CREATE TABLE IF NOT EXISTS intake
(
    -- 'requests', 'logs' or 'dead_letters'.
    destination       LowCardinality(String),
    -- Of a dead letter: why, and its bytes.
    reason            LowCardinality(String),
    raw               String,
    peer              LowCardinality(String),
    -- Of a log record.
    severity          LowCardinality(String),
    body              String,
    -- As in requests.
    time              DateTime64(6, 'UTC'),
    environment       LowCardinality(String),
    gateway_kind      LowCardinality(String),
    gateway           LowCardinality(String),
    instance          LowCardinality(String),
    reporter          LowCardinality(String),
    api               LowCardinality(String),
    api_version       LowCardinality(String),
    api_id            LowCardinality(String),
    route             LowCardinality(String),
    method            LowCardinality(String),
    path              String,
    status            UInt16,
    grpc_status       Nullable(UInt8),
    response_flags    LowCardinality(String),
    fault             LowCardinality(String),
    policy            LowCardinality(String),
    policy_outcome    LowCardinality(String),
    consumer          LowCardinality(String),
    client_address    String,
    user_agent        LowCardinality(String),
    upstream          LowCardinality(String),
    upstream_address  LowCardinality(String),
    duration_us       UInt64,
    upstream_us       Nullable(UInt64),
    request_bytes     UInt64,
    response_bytes    UInt64,
    protocol          LowCardinality(String),
    request_id        String,
    trace_id          String,
    span_id           String,
    attributes        Map(LowCardinality(String), String),
    format            LowCardinality(String),
    segment_id        LowCardinality(String),
    ingested_at       DateTime64(6, 'UTC')
)
ENGINE = Null;

CREATE MATERIALIZED VIEW IF NOT EXISTS requests_from_intake TO requests AS
SELECT
    time,
    environment,
    gateway_kind,
    gateway,
    instance,
    reporter,
    api,
    api_version,
    api_id,
    route,
    method,
    path,
    status,
    grpc_status,
    response_flags,
    fault,
    policy,
    policy_outcome,
    consumer,
    client_address,
    user_agent,
    upstream,
    upstream_address,
    duration_us,
    upstream_us,
    request_bytes,
    response_bytes,
    protocol,
    request_id,
    trace_id,
    span_id,
    attributes,
    format,
    segment_id,
    ingested_at
FROM intake
WHERE destination = 'requests';

CREATE MATERIALIZED VIEW IF NOT EXISTS logs_from_intake TO logs AS
SELECT time, environment, gateway_kind, gateway, instance, severity, body, trace_id, span_id, attributes, format,
    segment_id, ingested_at
FROM intake
WHERE destination = 'logs';

CREATE MATERIALIZED VIEW IF NOT EXISTS dead_letters_from_intake TO dead_letters AS
SELECT ingested_at AS received_at, environment, format, reason, peer, raw AS body, segment_id
FROM intake
WHERE destination = 'dead_letters';

CREATE MATERIALIZED VIEW IF NOT EXISTS books_from_intake TO books AS
SELECT
    segment_id,
    format,
    max(ingested_at) AS received_at,
    count() AS records,
    countIf(destination = 'requests') AS requests,
    toUInt64(0) AS metrics,
    toUInt64(0) AS spans,
    countIf(destination = 'logs') AS logs,
    countIf(destination = 'dead_letters') AS dead_letters
FROM intake
GROUP BY segment_id, format;

-- The same for samples of metrics.
CREATE TABLE IF NOT EXISTS intake_metrics
(
    -- 'metrics' or 'dead_letters'.
    destination   LowCardinality(String),
    reason        LowCardinality(String),
    raw           String,
    peer          LowCardinality(String),
    time          DateTime64(3, 'UTC'),
    environment   LowCardinality(String),
    gateway_kind  LowCardinality(String),
    gateway       LowCardinality(String),
    instance      LowCardinality(String),
    name          LowCardinality(String),
    kind          LowCardinality(String),
    unit          LowCardinality(String),
    labels        Map(LowCardinality(String), String),
    value         Float64,
    count         UInt64,
    bounds        Array(Float64),
    bucket_counts Array(UInt64),
    format        LowCardinality(String),
    segment_id    LowCardinality(String),
    ingested_at   DateTime64(6, 'UTC')
)
ENGINE = Null;

CREATE MATERIALIZED VIEW IF NOT EXISTS metrics_from_intake_metrics TO metrics AS
SELECT time, environment, gateway_kind, gateway, instance, name, kind, unit, labels, value, count, bounds,
    bucket_counts, format, segment_id, ingested_at
FROM intake_metrics
WHERE destination = 'metrics';

CREATE MATERIALIZED VIEW IF NOT EXISTS dead_letters_from_intake_metrics TO dead_letters AS
SELECT ingested_at AS received_at, environment, format, reason, peer, raw AS body, segment_id
FROM intake_metrics
WHERE destination = 'dead_letters';

CREATE MATERIALIZED VIEW IF NOT EXISTS books_from_intake_metrics TO books AS
SELECT
    segment_id,
    format,
    max(ingested_at) AS received_at,
    count() AS records,
    toUInt64(0) AS requests,
    countIf(destination = 'metrics') AS metrics,
    toUInt64(0) AS spans,
    toUInt64(0) AS logs,
    countIf(destination = 'dead_letters') AS dead_letters
FROM intake_metrics
GROUP BY segment_id, format;
