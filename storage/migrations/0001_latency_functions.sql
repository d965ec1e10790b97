-- Latency is an OpenTelemetry exponential histogram of scale 5: bucket i holds (2^(i/32), 2^((i+1)/32)] microseconds.
-- https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
-- The middle of a bucket is within 1.09 % of every value in it.

-- The bucket of a duration; 0 counts as 1 microsecond.
CREATE FUNCTION IF NOT EXISTS latency_bucket AS (duration_us) -> toInt16(ceil(log2(greatest(duration_us, 1)) * 32) - 1);

-- The upper bound of a bucket in microseconds.
CREATE FUNCTION IF NOT EXISTS latency_bucket_upper AS (bucket) -> exp2((bucket + 1) / 32);

-- The duration within which the share q of the requests ended, in microseconds; NULL for an empty histogram.
CREATE FUNCTION IF NOT EXISTS latency_percentile AS (histogram, q) -> if(
    empty(histogram),
    NULL,
    exp2((arrayElement(
        mapKeys(histogram),
        arrayFirstIndex(
            reached -> reached >= greatest(1, ceil(q * arraySum(mapValues(histogram)))),
            arrayCumSum(mapValues(histogram))
        )
    ) + 0.5) / 32)
);

-- How many requests took at most so many microseconds (to the bound of the bucket that holds them).
CREATE FUNCTION IF NOT EXISTS latency_count_within AS (histogram, duration_us) -> arraySum(
    (bucket, requests) -> if(bucket <= latency_bucket(duration_us), requests, 0),
    mapKeys(histogram),
    mapValues(histogram)
);

-- Apdex with the satisfied threshold in microseconds: (satisfied + tolerating / 2) / all; NULL for an empty histogram.
CREATE FUNCTION IF NOT EXISTS latency_apdex AS (histogram, threshold_us) -> if(
    empty(histogram),
    NULL,
    (latency_count_within(histogram, threshold_us) + latency_count_within(histogram, 4 * threshold_us))
        / 2 / arraySum(mapValues(histogram))
);
