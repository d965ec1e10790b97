-- Usage by the dimensions asked for, from single requests: counted by latency bucket first, because a map of one entry
-- per bucket costs a third of one per request.
SELECT
    * EXCEPT (histogram),
    round(latency_percentile(histogram, 0.5) / 1000, 3) AS p50_ms,
    round(latency_percentile(histogram, 0.95) / 1000, 3) AS p95_ms
FROM
(
    SELECT
        {names},
        sum(counted.requests) AS requests,
        sum(counted.successes) AS successes,
        sum(counted.client_errors) AS client_errors,
        sum(counted.errors) AS errors,
        sum(counted.request_bytes) AS request_bytes,
        sum(counted.response_bytes) AS response_bytes,
        sumMapIf(map(bucket, counted.durations), counted.durations > 0) AS histogram
    FROM
    (
        SELECT
            {dimensions},
            latency_bucket(seen.duration_us) AS bucket,
            sum(seen.requests) AS requests,
            count(seen.duration_us) AS durations,
            sum(seen.status_2xx) + sum(seen.status_3xx) AS successes,
            sum(seen.status_4xx) AS client_errors,
            -- As in the roll-ups, no response at all counts as an error.
            sum(seen.status_5xx) + sum(seen.status_other) AS errors,
            sum(seen.request_bytes) AS request_bytes,
            sum(seen.response_bytes) AS response_bytes
        FROM {source} AS seen
        WHERE {where}
        GROUP BY {names}, bucket
    ) AS counted
    GROUP BY {names}
    ORDER BY {names}
    LIMIT {most_rows}
)
ORDER BY {names}
SETTINGS max_memory_usage = {most_memory}
