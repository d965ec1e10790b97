-- The data points of metrics of every kind, in one shape: attributes, time, flags, value, count, bounds, bucket counts,
-- quantile, problem. A summary is a point of its sum and count, and one of each quantile; the buckets of an exponential
-- histogram get bounds like any other's. https://opentelemetry.io/docs/specs/otel/metrics/data-model/
WITH
    -- Bucket i of the offset lies between base^(offset + i) and base^(offset + i + 1), where base = 2^(2^-scale).
    (offset, buckets, scale) -> if(
        empty(buckets),
        [],
        arrayMap(i -> exp2((toInt64(offset) + i) * exp2(-scale)), range(length(buckets) + 1))
    ) AS edges,
    arrayMap(
        (attributes, time, flags, fraction, number) -> (
            attributes, time, flags, ifNull(fraction, toFloat64(number)), 0::UInt64, []::Array(Float64),
            []::Array(UInt64), '', isNull(ifNull(fraction, toFloat64(number))) ? 'no value' : ''
        ),
        tupleElement(numbers, 'attributes'), tupleElement(numbers, 'time_unix_nano'), tupleElement(numbers, 'flags'),
        tupleElement(numbers, 'as_double'), tupleElement(numbers, 'as_int')
    ) AS number_points,
    arrayMap(
        (attributes, time, flags, sum, count, bounds, buckets) -> (
            attributes, time, flags, sum, count, bounds, buckets, '',
            length(buckets) NOT IN (0, length(bounds) + 1) ? 'bucket_counts do not fit explicit_bounds' : ''
        ),
        tupleElement(histograms, 'attributes'), tupleElement(histograms, 'time_unix_nano'),
        tupleElement(histograms, 'flags'), tupleElement(histograms, 'sum'), tupleElement(histograms, 'count'),
        tupleElement(histograms, 'explicit_bounds'), tupleElement(histograms, 'bucket_counts')
    ) AS histogram_points,
    arrayMap(
        (attributes, time, flags, sum, count, scale, zeros, offset, buckets, below_offset, below) -> (
            attributes, time, flags, sum, count,
            arrayConcat(arrayMap(edge -> -edge, arrayReverse(edges(below_offset, below, scale))), edges(offset, buckets, scale)),
            arrayConcat(
                empty(below) ? [] : arrayPushFront(arrayReverse(below), 0),
                [zeros],
                empty(buckets) ? [] : arrayPushBack(buckets, 0)
            ),
            '',
            abs(scale) > 100 ? 'no scale of an exponential histogram' : ''
        ),
        tupleElement(exponentials, 'attributes'), tupleElement(exponentials, 'time_unix_nano'),
        tupleElement(exponentials, 'flags'), tupleElement(exponentials, 'sum'), tupleElement(exponentials, 'count'),
        tupleElement(exponentials, 'scale'), tupleElement(exponentials, 'zero_count'),
        tupleElement(tupleElement(exponentials, 'positive'), 'offset'),
        tupleElement(tupleElement(exponentials, 'positive'), 'bucket_counts'),
        tupleElement(tupleElement(exponentials, 'negative'), 'offset'),
        tupleElement(tupleElement(exponentials, 'negative'), 'bucket_counts')
    ) AS exponential_points,
    arrayFlatten(
        arrayMap(
            (attributes, time, flags, sum, count, quantiles) -> arrayMap(
                (quantile, value) -> (
                    attributes, time, flags, value, quantile = '' ? count : 0, []::Array(Float64), []::Array(UInt64),
                    quantile, ''
                ),
                arrayPushFront(arrayMap(quantile -> toString(quantile.1), quantiles), ''),
                arrayPushFront(arrayMap(quantile -> toNullable(quantile.2), quantiles), sum)
            ),
            tupleElement(summaries, 'attributes'), tupleElement(summaries, 'time_unix_nano'),
            tupleElement(summaries, 'flags'), tupleElement(summaries, 'sum'), tupleElement(summaries, 'count'),
            tupleElement(summaries, 'quantile_values')
        )
    ) AS summary_points,
    arrayConcat(number_points, histogram_points, exponential_points, summary_points) AS points
SELECT
    * EXCEPT (sum, numbers, histograms, exponentials, summaries, point),
    tupleElement(point, 1) AS raw_attributes,
    tupleElement(point, 2) AS time_unix_nano,
    tupleElement(point, 3) AS flags,
    tupleElement(point, 4) AS value,
    tupleElement(point, 5) AS count,
    tupleElement(point, 6) AS bounds,
    tupleElement(point, 7) AS bucket_counts,
    tupleElement(point, 8) AS quantile,
    tupleElement(point, 9) AS problem
FROM
(
    SELECT
        *,
        multiIf(
            notEmpty(histograms), 'histogram',
            notEmpty(exponentials), 'exponential_histogram',
            notEmpty(summaries), 'summary',
            empty(numbers), 'unknown',
            empty(tupleElement(sum, 'data_points')), 'gauge',
            tupleElement(sum, 'is_monotonic'), 'sum',
            -- A running total that may fall is no counter; Prometheus knows it as a gauge.
            temporality = 2, 'gauge',
            'sum'
        ) AS kind,
        arrayJoin(
            notEmpty(points)
                ? points
                : [(emptyArrayToSingle(points)[1].1, 0::UInt64, 0::UInt32, NULL, 0::UInt64, []::Array(Float64), []::Array(UInt64), '', 'no data points of a known kind')]
        ) AS point
    FROM
    (
        SELECT
            * EXCEPT (entry),
            toValidUTF8(tupleElement(entry, 'name')) AS name,
            toValidUTF8(tupleElement(entry, 'unit')) AS unit,
            tupleElement(entry, 'sum') AS sum,
            arrayConcat(
                tupleElement(tupleElement(entry, 'gauge'), 'data_points'), tupleElement(sum, 'data_points')
            ) AS numbers,
            tupleElement(tupleElement(entry, 'histogram'), 'data_points') AS histograms,
            tupleElement(tupleElement(entry, 'exponential_histogram'), 'data_points') AS exponentials,
            tupleElement(tupleElement(entry, 'summary'), 'data_points') AS summaries,
            greatest(
                tupleElement(sum, 'aggregation_temporality'),
                tupleElement(tupleElement(entry, 'histogram'), 'aggregation_temporality'),
                tupleElement(tupleElement(entry, 'exponential_histogram'), 'aggregation_temporality')
            ) AS temporality
        FROM ({{inner}})
    )
)
