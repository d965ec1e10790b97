-- Usage by the dimensions asked for, from roll-ups: their rows hold a latency histogram each.
SELECT
    * EXCEPT (histogram),
    round(latency_percentile(histogram, 0.5) / 1000, 3) AS p50_ms,
    round(latency_percentile(histogram, 0.95) / 1000, 3) AS p95_ms
FROM
(
    SELECT
        {dimensions},
        sum(seen.requests) AS requests,
        sum(seen.status_2xx) + sum(seen.status_3xx) AS successes,
        sum(seen.status_4xx) AS client_errors,
        -- No response at all counts as an error: the roll-ups keep it with 1xx as other.
        sum(seen.status_5xx) + sum(seen.status_other) AS errors,
        sum(seen.request_bytes) AS request_bytes,
        sum(seen.response_bytes) AS response_bytes,
        sumMap(seen.latency) AS histogram
    FROM {source} AS seen
    WHERE {where}
    GROUP BY {names}
    ORDER BY {names}
    LIMIT {most_rows}
)
ORDER BY {names}
SETTINGS max_memory_usage = {most_memory}
