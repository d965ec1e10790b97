-- A row a gateway.
SELECT
    * EXCEPT (histogram),
    latency_percentile(histogram, 0.95) / 1000 AS p95_ms
FROM
(
    SELECT
        gateway,
        gateway_kind,
        environment,
        sum(seen.requests) AS requests,
        sum(seen.status_5xx) + sum(seen.status_other) AS errors,
        sumMap(seen.latency) AS histogram
    FROM {source} AS seen
    WHERE {where}
    GROUP BY gateway, gateway_kind, environment
)
ORDER BY requests DESC, gateway, gateway_kind, environment
LIMIT {limit:UInt32}
