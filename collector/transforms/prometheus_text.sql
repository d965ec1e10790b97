-- Prometheus' text format, as Envoy's /stats/prometheus answers it. Histograms stay as they are told: one sample for each
-- bucket, sum and count. https://prometheus.io/docs/instrumenting/exposition_formats/
WITH
    extractGroups(sample, '^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)\\})?\\s+(\\S+)(?:\\s+(-?[0-9]+))?\\s*$') AS parts,
    toFloat64OrNull(parts[3]) AS number,
    toInt64OrNull(parts[4]) AS milliseconds,
    replaceRegexpOne(name, '_(bucket|sum|count)$', '') AS family,
    if(types[name] != '', types[name], types[family]) AS type
SELECT
    if(number IS NULL, 'dead_letters', 'metrics') AS destination,
    if(number IS NULL, 'not a sample of a metric', '') AS reason,
    if(number IS NULL, sample, '') AS raw,
    peer,
    if(milliseconds IS NULL, received_at, fromUnixTimestamp64Milli(assumeNotNull(milliseconds), 'UTC')) AS time,
    if(payload_environment != '', payload_environment, {{default_environment}}) AS environment,
    if(startsWith(name, 'envoy_'), 'envoy', '') AS gateway_kind,
    if(payload_gateway != '', payload_gateway, peer) AS gateway,
    peer AS instance,
    parts[1] AS name,
    transform(type, ['counter', 'gauge', 'histogram', 'summary'], ['sum', 'gauge', 'histogram', 'summary'], 'unknown') AS kind,
    '' AS unit,
    CAST(extractKeyValuePairsWithEscaping(parts[2], '=', ',', '"'), 'Map(LowCardinality(String), String)') AS labels,
    ifNull(number, 0) AS value,
    0 AS count,
    [] AS bounds,
    [] AS bucket_counts,
    {{format}} AS format,
    {{segment_id}} AS segment_id,
    received_at AS ingested_at
FROM
(
    SELECT
        received_at,
        payload_environment,
        payload_gateway,
        peer,
        CAST(
            arrayMap(
                line -> (splitByChar(' ', line)[3], splitByChar(' ', line)[4]),
                arrayFilter(line -> startsWith(line, '# TYPE '), lines)
            ),
            'Map(String, String)'
        ) AS types,
        arrayJoin(arrayFilter(line -> line != '' AND NOT startsWith(line, '#'), lines)) AS sample
    FROM
    (
        SELECT received_at, payload_environment, payload_gateway, peer, splitByChar('\n', body) AS lines
        FROM ({{inner}})
    )
)
