-- The measure of a rule for each group of its requests.
SELECT
    {columns}
    requests,
    {measure} AS value
FROM
(
    SELECT
        * EXCEPT (upstream_requests, upstream_duration_us, upstream_us, fault_backend, fault_policy, histogram),
        requests / {seconds:UInt32} AS request_rate,
        errors / nullIf(requests, 0) AS error_rate,
        client_errors / nullIf(requests, 0) AS client_error_rate,
        latency_percentile(histogram, 0.5) / 1000 AS p50_ms,
        latency_percentile(histogram, 0.95) / 1000 AS p95_ms,
        latency_percentile(histogram, 0.99) / 1000 AS p99_ms,
        latency_apdex(histogram, {satisfied_us:UInt64}) AS apdex,
        fault_backend / nullIf(requests, 0) AS fault_backend_rate,
        fault_policy / nullIf(requests, 0) AS fault_policy_rate,
        -- Of the requests whose upstream time is known; the rest of their time was the gateway's.
        (upstream_duration_us - upstream_us) / nullIf(upstream_requests, 0) / 1000 AS gateway_ms
    FROM
    (
        SELECT
            {columns}
            sum(seen.requests) AS requests,
            -- No response at all counts as an error: the roll-ups keep it with 1xx as other.
            sum(seen.status_5xx) + sum(seen.status_other) AS errors,
            sum(seen.status_4xx) AS client_errors,
            sum(seen.fault_backend) AS fault_backend,
            sum(seen.fault_policy) AS fault_policy,
            sum(seen.upstream_requests) AS upstream_requests,
            sum(seen.upstream_duration_us) AS upstream_duration_us,
            sum(seen.upstream_us) AS upstream_us,
            sumMap(seen.latency) AS histogram
        FROM {source} AS seen
        WHERE {where}
        {grouping}
    )
)
-- Without groups there is one row even of no requests at all, of which most measures are unknown.
WHERE isNotNull(value)
-- Where there are more groups than anyone would watch, the busiest.
ORDER BY requests DESC
LIMIT {most:UInt32}
