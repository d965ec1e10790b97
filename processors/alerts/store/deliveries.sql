-- The latest notifications that were tried, the latest first.
SELECT
    time,
    receiver,
    channel,
    group_key,
    status,
    alerts,
    outcome,
    tries,
    error
FROM alert_deliveries
ORDER BY time DESC, receiver, channel
LIMIT {limit:UInt32}
