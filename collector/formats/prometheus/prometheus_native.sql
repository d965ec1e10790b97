-- Native histograms, each half of them as the places of its buckets and how many values these hold. Spans say which
-- buckets there are; each count is sent as the difference from the one before it, or as it is where it may be no
-- whole number. https://prometheus.io/docs/specs/native_histograms/
-- Its steps are queries of their own, without AND and with few lambdas: planning those takes the longer the more there
-- is below them.
SELECT
    * EXCEPT (is_whole, is_complete, above_spans, below_spans),
    arrayFlatten(arrayMap(
        (after, size) -> range(after - size, after),
        arrayCumSum(above_spans.offset + above_spans.length),
        above_spans.length
    )) AS above_places,
    arrayFlatten(arrayMap(
        (after, size) -> range(after - size, after),
        arrayCumSum(below_spans.offset + below_spans.length),
        below_spans.length
    )) AS below_places,
    multiIf(
        NOT is_whole, 'a histogram with counts that are no whole numbers of 63 bits',
        NOT is_complete, 'a histogram whose spans and counts differ',
        ''
    ) AS problem_of_counts
FROM
(
    SELECT
        * EXCEPT (stated_above, stated_below, stated_above_spans, stated_below_spans),
        -- Only of a complete one as many places are made as counts were sent.
        is_complete ? stated_above : [] AS above,
        is_complete ? stated_below : [] AS below,
        is_complete ? stated_above_spans : [] AS above_spans,
        is_complete ? stated_below_spans : [] AS below_spans
    FROM
    (
        SELECT
            * EXCEPT (is_exact, float_count, float_counts),
            is_exact ? native.count_int[1] : toUInt64(ifNotFinite(float_count, 0)) AS count,
            is_exact ? toInt64(native.zero_count_int[1]) : toInt64(ifNotFinite(native.zero_count_float[1], -1)) AS zero,
            is_exact ? 1 : arrayAll(number -> number = abs(toInt64(ifNotFinite(number, -1))), float_counts) AS is_whole,
            [arraySum(stated_above_spans.length), arraySum(stated_below_spans.length)]
                = [length(stated_above), length(stated_below)] AS is_complete
        FROM
        (
            SELECT
                *,
                native.count_float[1] IS NULL AS is_exact,
                assumeNotNull(native.count_float[1]) AS float_count,
                arrayConcat(
                    native.positive_counts[1], native.negative_counts[1], [float_count, native.zero_count_float[1]]
                ) AS float_counts,
                native.positive_spans[1] AS stated_above_spans,
                native.negative_spans[1] AS stated_below_spans,
                is_exact
                    ? arrayCumSum(native.positive_deltas[1])
                    : arrayMap(number -> toInt64(ifNotFinite(number, -1)), native.positive_counts[1]) AS stated_above,
                is_exact
                    ? arrayCumSum(native.negative_deltas[1])
                    : arrayMap(number -> toInt64(ifNotFinite(number, -1)), native.negative_counts[1]) AS stated_below
            FROM ({{inner}})
        )
    )
)
