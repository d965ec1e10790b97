-- A row an API, with its requests over time for a sparkline.
SELECT
    * EXCEPT (histogram),
    latency_percentile(histogram, 0.5) / 1000 AS p50_ms,
    latency_percentile(histogram, 0.95) / 1000 AS p95_ms,
    latency_percentile(histogram, 0.99) / 1000 AS p99_ms,
    latency_apdex(histogram, {satisfied_us:UInt64}) AS apdex
FROM
(
    SELECT
        api,
        sum(steps.requests) AS requests,
        sum(steps.errors) AS errors,
        sum(steps.client_errors) AS client_errors,
        sum(steps.response_bytes) AS response_bytes,
        arraySort(groupUniqArrayArray(50)(steps.versions)) AS versions,
        arraySort(groupUniqArrayArray(steps.kinds)) AS gateway_kinds,
        groupArray(steps.step) AS spark_steps,
        groupArray(steps.requests) AS spark_requests,
        sumMap(steps.latency) AS histogram
    FROM
    (
        SELECT
            api,
            intDiv(toUnixTimestamp(seen.time), {step:UInt32}) AS step,
            sum(seen.requests) AS requests,
            sum(seen.status_5xx) + sum(seen.status_other) AS errors,
            sum(seen.status_4xx) AS client_errors,
            sum(seen.response_bytes) AS response_bytes,
            sumMap(seen.latency) AS latency,
            groupUniqArray(50)(toString(api_version)) AS versions,
            groupUniqArray(toString(gateway_kind)) AS kinds
        FROM {source} AS seen
        WHERE {where}
        GROUP BY api, step
    ) AS steps
    GROUP BY api
)
ORDER BY requests DESC, api
LIMIT {limit:UInt32}
