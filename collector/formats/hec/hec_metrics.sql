-- Measures as series of one sample each; dimensions are labels, and so are the envelope's other fields. What sends
-- metrics here names gateways and instances as OpenTelemetry or as Prometheus does.
SELECT
    received_at,
    payload_environment,
    -- docs/naming.md has the rule.
    if(dimensions['service.name'] != '', dimensions['service.name'], toString(payload_gateway)) AS payload_gateway,
    arrayFirst(
        -- Two names of a host are what Fluent Bit and OpenTelemetry's Collector say where they know none.
        candidate -> candidate NOT IN ('', 'localhost', 'unknown'),
        [
            dimensions['hostname'], dimensions['host'], dimensions['host.name'], envelope.host, toString(peer)
        ]
    ) AS peer,
    measure.3 AS problem,
    measure.4 AS record,
    measure.1 AS name,
    mapFilter(
        (label, text) -> text != '',
        mapConcat(
            map('index', envelope.index, 'source', envelope.source, 'sourcetype', envelope.sourcetype),
            mapFilter((label, text) -> label != 'metric_type', dimensions)
        )
    ) AS labels,
    transform(lower(dimensions['metric_type']), ['sum', 'exponentialhistogram'], ['counter', 'histogram']) AS type,
    '' AS unit,
    toUnixTimestamp64Milli(ifNull({{moment_of_text(envelope.time)}}, received_at)) AS milliseconds,
    ifNull(toFloat64OrNull(measure.2), 0) AS value,
    toUInt64(0) AS count,
    CAST([], 'Array(Float64)') AS bounds,
    CAST([], 'Array(UInt64)') AS bucket_counts,
    0 AS has_exponential_buckets
FROM ({{inner}})
