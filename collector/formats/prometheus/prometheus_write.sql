-- The series of remote write 1.0. Prometheus sends what it knows of metrics in requests of their own: `known_kind` is what
-- those have said. https://prometheus.io/docs/specs/prw/remote_write_spec/
WITH ['unknown', 'counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset'] AS type_names
SELECT
    received_at,
    payload_environment,
    payload_gateway,
    peer,
    name,
    labels,
    '' AS problem_of_series,
    place > 0 ? type_names[types[place] + 1] : splitByChar('|', learned)[1] AS type,
    place > 0 ? units[place] : splitByChar('|', learned)[2] AS unit,
    samples,
    histograms
FROM
(
    SELECT
        *,
        indexOf(families, name) AS exact_place,
        if(
            exact_place > 0 OR empty(families),
            exact_place,
            indexOf(families, replaceRegexpOne(name, '_(total|bucket|sum|count|created|info)$', ''))
        ) AS place,
        toString({{known_kind}}) AS learned
    FROM
    (
        SELECT
            received_at,
            payload_environment,
            payload_gateway,
            peer,
            metadata.metric_family_name AS families,
            metadata.type AS types,
            metadata.unit AS units,
            toLowCardinality(series.labels.value[indexOf(series.labels.name, '__name__')]) AS name,
            CAST(
                arrayFilter(label -> label.name != '__name__', series.labels), 'Map(LowCardinality(String), String)'
            ) AS labels,
            series.samples AS samples,
            series.histograms AS histograms
        FROM
        (
            SELECT
                received_at,
                payload_environment,
                payload_gateway,
                peer,
                -- Each series gets a copy of it, so what is large is left out.
                if(length(body.metadata) * length(body.timeseries) <= 1000000, body.metadata, []) AS metadata,
                arrayJoin(body.timeseries) AS series
            FROM ({{inner}})
        )
    )
)
