-- Requests by step and kind of gateway.
SELECT
    toDateTime(intDiv(toUnixTimestamp(seen.time), {step:UInt32}) * {step:UInt32}, 'UTC') AS time,
    gateway_kind,
    sum(seen.requests) AS requests
FROM {source} AS seen
WHERE {where}
GROUP BY time, gateway_kind
ORDER BY time, gateway_kind
