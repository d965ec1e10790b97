-- The samples and native histograms of series, each a row; `native` holds the histogram, or nothing. A stale marker
-- says that a series has ended; it is no value, and as NaN it would spoil every average.
-- https://prometheus.io/docs/specs/prw/remote_write_spec/#stale-markers
SELECT
    * EXCEPT (samples, histograms, stated_values, stated_histograms, is_too_much, problem_of_series),
    multiIf(
        is_too_much, 'too many samples under such long labels',
        problem_of_series != '', problem_of_series,
        name = '', 'a series without a name',
        -- Apart, so that halves of letters do not make whole ones.
        NOT isValidUTF8(arrayStringConcat(arrayConcat([name], mapKeys(labels), mapValues(labels)), ' ')), 'not UTF-8',
        ''
    ) AS problem_of_series,
    is_too_much ? toJSONString((stated_values, stated_histograms)) : '' AS all_points,
    arrayJoin(
        is_too_much
            ? [(0, 0, [])]
            : arrayConcat(
                arrayMap(sample -> (sample.timestamp, sample.value, []), stated_values),
                arrayMap(histogram -> (histogram.timestamp, histogram.sum, [histogram]), stated_histograms)
            )
    ) AS point,
    point.1 AS milliseconds,
    point.2 AS value,
    point.3 AS native
FROM
(
    SELECT
        *,
        arrayFilter(sample -> reinterpretAsUInt64(sample.value) != 0x7ff0000000000002, samples) AS stated_values,
        arrayFilter(
            histogram -> reinterpretAsUInt64(histogram.sum) != 0x7ff0000000000002, histograms
        ) AS stated_histograms,
        -- Each point gets a copy of the labels: a request of a megabyte must not become a terabyte.
        (length(stated_values) + length(stated_histograms)) * byteSize(labels) > 16777216 AS is_too_much
    FROM ({{inner}})
)
