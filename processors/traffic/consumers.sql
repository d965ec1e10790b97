-- The client applications that ask the most.
SELECT
    * EXCEPT (histogram),
    latency_percentile(histogram, 0.95) / 1000 AS p95_ms
FROM
(
    SELECT
        consumer,
        sum(counted.requests) AS requests,
        sum(counted.errors) AS errors,
        sum(counted.client_errors) AS client_errors,
        sum(counted.response_bytes) AS response_bytes,
        sumMapIf(map(bucket, counted.durations), counted.durations > 0) AS histogram
    FROM
    (
        SELECT
            consumer,
            latency_bucket(duration_us) AS bucket,
            sum(seen.requests) AS requests,
            count(seen.duration_us) AS durations,
            sum(seen.status_5xx) + sum(seen.status_other) AS errors,
            sum(seen.status_4xx) AS client_errors,
            sum(seen.response_bytes) AS response_bytes
        FROM {source} AS seen
        WHERE {where}
        GROUP BY consumer, bucket
    ) AS counted
    GROUP BY consumer
    ORDER BY requests DESC, consumer
    LIMIT {limit:UInt32}
)
ORDER BY requests DESC, consumer
