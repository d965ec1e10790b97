-- The buckets of native histograms as bounds and counts. A bucket of schema s and place i holds (b^(i-1), b^i] with
-- b = 2^(2^-s), below zero the same mirrored, around zero what is within a threshold. Schema -53 has bounds of its
-- own, and its places are those of the bounds. https://prometheus.io/docs/specs/native_histograms/
SELECT
    * EXCEPT (native, is_custom, limits, totals, problem_of_series, problem_of_histogram, all_points),
    problem_of_series != '' ? problem_of_series : problem_of_histogram AS problem,
    multiIf(
        problem = '', '',
        all_points != '', concat(toJSONString((name, labels)), all_points),
        toJSONString((name, labels, milliseconds, toString(value), native))
    ) AS record,
    is_custom ? native.custom_values[1] : arrayPopBack(limits) AS bounds,
    CAST(arrayPopFront(arrayDifference(arrayPushFront(totals, 0))), 'Array(UInt64)') AS bucket_counts
FROM
(
    SELECT
        * EXCEPT (pairs, next_limits),
        -- Where a bound stands more than once, the last of its totals is the one up to it.
        arrayFilter((limit, next) -> limit != next, pairs.1, next_limits) AS limits,
        arrayFilter((total, limit, next) -> limit != next, arrayCumSum(pairs.2), pairs.1, next_limits) AS totals
    FROM
    (
        SELECT
            * EXCEPT (schema, above, below, zero, above_places, below_places, step, pairs_unsorted),
            arraySort(pairs_unsorted) AS pairs,
            arrayPopFront(arrayPushBack(pairs.1, nan)) AS next_limits
        FROM
        (
            -- Each bound, and how many values lie between it and the one before.
            SELECT
                *,
                exp2(-schema) AS step,
                multiIf(
                    empty(native), [],
                    problem_of_histogram != '', [],
                    is_custom, arrayConcat(
                        arrayMap(place -> (toFloat64(place), toInt64(0)), range(length(native.custom_values[1]) + 1)),
                        arrayMap((place, number) -> (toFloat64(place), number), above_places, above)
                    ),
                    arrayConcat(
                        arrayMap(place -> (exp2((place - 1) * step), toInt64(0)), above_places),
                        arrayMap((place, number) -> (exp2(place * step), number), above_places, above),
                        arrayMap(place -> (-exp2(place * step), toInt64(0)), below_places),
                        arrayMap((place, number) -> (-exp2((place - 1) * step), number), below_places, below),
                        zero = 0 ? [] : [(-native.zero_threshold[1], toInt64(0)), (native.zero_threshold[1], zero)],
                        [(inf, toInt64(0))]
                    )
                ) AS pairs_unsorted
            FROM
            (
                SELECT
                    * EXCEPT (problem_of_counts),
                    native.schema[1] AS schema,
                    schema = -53 AS is_custom,
                    empty(native) ? 0 : NOT is_custom AS has_exponential_buckets,
                    multiIf(
                        empty(native), '',
                        problem_of_counts != '', problem_of_counts,
                        arrayMin(arrayConcat(above, below, [zero])) < 0
                            OR arraySum(above) + arraySum(below) + zero > count,
                            'a histogram whose counts do not add up',
                        NOT is_custom, multiIf(
                            abs(schema - 2) > 6, 'a histogram of unknown schema',
                            zero = 0, '',
                            ifNotFinite(native.zero_threshold[1], -1) < 0,
                                'a histogram whose zero bucket has no width',
                            ''
                        ),
                        notEmpty(below)
                            OR arrayMin(above_places) < 0
                            OR arrayMax(above_places) > length(native.custom_values[1]),
                            'a histogram with buckets beyond its bounds',
                        ''
                    ) AS problem_of_histogram
                FROM ({{inner}})
            )
        )
    )
)
