-- Traffic by step: status classes, percentiles, and the mean time on either side of the gateway.
SELECT
    * EXCEPT (histogram),
    latency_percentile(histogram, 0.5) / 1000 AS p50_ms,
    latency_percentile(histogram, 0.95) / 1000 AS p95_ms,
    latency_percentile(histogram, 0.99) / 1000 AS p99_ms
FROM
(
    SELECT
        toDateTime(intDiv(toUnixTimestamp(seen.time), {step:UInt32}) * {step:UInt32}, 'UTC') AS time,
        sum(seen.requests) AS requests,
        sum(seen.status_2xx) AS status_2xx,
        sum(seen.status_3xx) AS status_3xx,
        sum(seen.status_4xx) AS status_4xx,
        sum(seen.status_5xx) AS status_5xx,
        sum(seen.status_other) AS status_other,
        -- Of the requests whose upstream time is known; the rest of their time was the gateway's.
        sum(seen.upstream_us) / nullIf(sum(seen.upstream_requests), 0) / 1000 AS upstream_ms,
        sum(seen.upstream_duration_us) / nullIf(sum(seen.upstream_requests), 0) / 1000 - upstream_ms AS gateway_ms,
        sumMap(seen.latency) AS histogram
    FROM {source} AS seen
    WHERE {where}
    GROUP BY time
)
ORDER BY time
