-- The requests of each window, both reports of a sidecar pair.
SELECT
    toDateTime(intDiv(toUnixTimestamp(time), {unit:UInt32}) * {unit:UInt32}, 'UTC') AS window,
    sum(counted.requests) AS requests
FROM consumer_1h AS counted
WHERE time >= {start:DateTime64(6, 'UTC')} AND time < {end:DateTime64(6, 'UTC')}
    AND build IN (SELECT build FROM rollup_windows FINAL WHERE name = 'consumer_1h')
GROUP BY window
