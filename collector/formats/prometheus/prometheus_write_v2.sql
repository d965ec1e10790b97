-- The series of remote write 2.0, whose labels are numbers of texts in a table of the request. An array that a
-- lambda looks into is copied for each of its calls, so numbers are not looked up: they are sorted in among those of
-- the texts, take over the text before them, and go back to their places.
-- https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/
WITH ['unknown', 'counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset'] AS type_names
SELECT
    received_at,
    payload_environment,
    payload_gateway,
    peer,
    toLowCardinality(pairs.2[indexOf(pairs.1, '__name__')]) AS name,
    CAST(
        arrayMax(arrayPushBack(series.labels_refs, series.metadata.unit_ref)) >= symbol_count
            ? [('', toString(series.labels_refs))]
            : arrayFilter(pair -> pair.1 != '__name__', arrayPopFront(pairs)),
        'Map(LowCardinality(String), String)'
    ) AS labels,
    multiIf(
        mapContains(labels, ''), 'a label that is not in the table of symbols',
        length(series.labels_refs) % 2 = 1, 'a label without a value',
        ''
    ) AS problem_of_series,
    type_names[series.metadata.type + 1] AS type,
    pairs[1].1 AS unit,
    series.samples AS samples,
    series.histograms AS histograms
FROM
(
    SELECT
        received_at,
        payload_environment,
        payload_gateway,
        peer,
        symbol_count,
        arrayJoin(arrayZip(
            timeseries,
            arraySplit((pair, is_first) -> is_first, arrayZip(names, texts), is_first_of_series)
        )) AS joined,
        joined.1 AS series,
        joined.2 AS pairs
    FROM
    (
        SELECT
            *,
            arraySlice(arraySort((text, place) -> place, filled, places), symbol_count + 1) AS found,
            arrayFilter((text, number) -> number % 2 = 1, found, arrayEnumerate(found)) AS names,
            arrayFilter((text, number) -> number % 2 = 0, found, arrayEnumerate(found)) AS texts
        FROM
        (
            SELECT
                *,
                arraySort((place, key) -> key, arrayEnumerate(keys), keys) AS places,
                arrayFill(
                    (text, key) -> key % 2 = 0,
                    arraySort((text, key) -> key, arrayResize(symbols, length(keys)), keys),
                    arraySort(keys)
                ) AS filled
            FROM
            (
                SELECT
                    received_at,
                    payload_environment,
                    payload_gateway,
                    peer,
                    body.symbols AS symbols,
                    length(symbols) AS symbol_count,
                    body.timeseries AS timeseries,
                    -- The first pair of a series is its unit, twice; so none is empty.
                    arrayMap(
                        (labels, unit) -> arrayConcat(
                            [unit, unit], arrayResize(labels, intDiv(length(labels) + 1, 2) * 2)
                        ),
                        timeseries.labels_refs,
                        timeseries.metadata.unit_ref
                    ) AS numbers,
                    arrayFlatten(
                        arrayMap(of_series -> arrayMap(pair -> pair = 0, range(intDiv(length(of_series), 2))), numbers)
                    ) AS is_first_of_series,
                    -- Twice the number, and one more for what looks it up.
                    arrayConcat(
                        arrayMap(place -> toUInt64(place - 1) * 2, arrayEnumerate(symbols)),
                        arrayMap(number -> toUInt64(number) * 2 + 1, arrayFlatten(numbers))
                    ) AS keys
                FROM ({{inner}})
            )
        )
    )
)
