-- Requests by step and latency: a cell is a quarter of a doubling, eight buckets of the histogram.
SELECT
    toDateTime(intDiv(toUnixTimestamp(steps.time), {step:UInt32}) * {step:UInt32}, 'UTC') AS time,
    toInt32(floor(bucket / 8)) AS cell,
    sum(bucket_requests) AS requests
FROM
(
    SELECT
        toDateTime(intDiv(toUnixTimestamp(seen.time), {step:UInt32}) * {step:UInt32}, 'UTC') AS time,
        sumMap(seen.latency) AS latency
    FROM {source} AS seen
    WHERE {where}
    GROUP BY time
) AS steps
ARRAY JOIN mapKeys(steps.latency) AS bucket, mapValues(steps.latency) AS bucket_requests
GROUP BY time, cell
ORDER BY time, cell
