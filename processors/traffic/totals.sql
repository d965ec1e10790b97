-- The window and the one of the same length before it, a row each; a window without requests has no row.
SELECT
    * EXCEPT (histogram),
    latency_percentile(histogram, 0.5) / 1000 AS p50_ms,
    latency_percentile(histogram, 0.95) / 1000 AS p95_ms,
    latency_percentile(histogram, 0.99) / 1000 AS p99_ms,
    latency_apdex(histogram, {satisfied_us:UInt64}) AS apdex
FROM
(
    SELECT
        period,
        sum(seen.requests) AS requests,
        -- No response at all counts as an error: the roll-ups keep it with 1xx as other.
        sum(seen.status_5xx) + sum(seen.status_other) AS errors,
        sum(seen.status_4xx) AS client_errors,
        sum(seen.request_bytes) AS request_bytes,
        sum(seen.response_bytes) AS response_bytes,
        sumMap(seen.latency) AS histogram
    FROM
    (
        SELECT 'current' AS period, * FROM {current} WHERE {where}
        UNION ALL
        SELECT 'previous' AS period, * FROM {previous} WHERE {where}
    ) AS seen
    GROUP BY period
)
