-- The busiest routes. Requests are counted by latency bucket first: a map for each request would cost three times as much.
SELECT
    * EXCEPT (histogram),
    latency_percentile(histogram, 0.5) / 1000 AS p50_ms,
    latency_percentile(histogram, 0.95) / 1000 AS p95_ms,
    latency_percentile(histogram, 0.99) / 1000 AS p99_ms
FROM
(
    SELECT
        route,
        method,
        sum(counted.requests) AS requests,
        sum(counted.errors) AS errors,
        sum(counted.client_errors) AS client_errors,
        sumMapIf(map(bucket, counted.durations), counted.durations > 0) AS histogram
    FROM
    (
        SELECT
            route,
            method,
            latency_bucket(duration_us) AS bucket,
            sum(seen.requests) AS requests,
            count(seen.duration_us) AS durations,
            sum(seen.status_5xx) + sum(seen.status_other) AS errors,
            sum(seen.status_4xx) AS client_errors
        FROM {source} AS seen
        WHERE {where}
        GROUP BY route, method, bucket
    ) AS counted
    GROUP BY route, method
    ORDER BY requests DESC, route, method
    LIMIT {limit:UInt32}
)
ORDER BY requests DESC, route, method
