-- The samples and native histograms of series, each a row; `native` holds the histogram, or nothing. A stale marker
-- says that a series has ended; it is no value, and as NaN it would spoil every average.
-- https://prometheus.io/docs/specs/prw/remote_write_spec/#stale-markers
SELECT
    * EXCEPT (samples, histograms, values_told, histograms_told, is_too_much, problem_of_series),
    multiIf(
        is_too_much, 'too many samples under such long labels',
        problem_of_series != '', problem_of_series,
        name = '', 'a series without a name',
        -- Apart, so that halves of letters do not make whole ones.
        NOT isValidUTF8(arrayStringConcat(arrayConcat([name], mapKeys(labels), mapValues(labels)), ' ')), 'not UTF-8',
        ''
    ) AS problem_of_series,
    is_too_much ? toJSONString((values_told, histograms_told)) : '' AS all_points,
    arrayJoin(
        is_too_much
            ? [(0, 0, [])]
            : arrayConcat(
                arrayMap(sample -> (sample.timestamp, sample.value, []), values_told),
                arrayMap(histogram -> (histogram.timestamp, histogram.sum, [histogram]), histograms_told)
            )
    ) AS point,
    point.1 AS milliseconds,
    point.2 AS value,
    point.3 AS native
FROM
(
    SELECT
        *,
        arrayFilter(sample -> reinterpretAsUInt64(sample.value) != 0x7ff0000000000002, samples) AS values_told,
        arrayFilter(
            histogram -> reinterpretAsUInt64(histogram.sum) != 0x7ff0000000000002, histograms
        ) AS histograms_told,
        -- Each point gets a copy of the labels: a request of a megabyte must not become a terabyte.
        (length(values_told) + length(histograms_told)) * byteSize(labels) > 16777216 AS is_too_much
    FROM ({{inner}})
)
