-- The requests of each window, both reports of a sidecar pair.
SELECT
    toDateTime(intDiv(toUnixTimestamp(time), {unit:UInt32}) * {unit:UInt32}, 'UTC') AS window,
    count() AS requests
FROM requests
WHERE time >= {start:DateTime64(6, 'UTC')} AND time < {end:DateTime64(6, 'UTC')}
    -- The order key holds the hour, and ClickHouse does not work it out from the time.
    AND toStartOfHour(time) >= {start:DateTime64(6, 'UTC')} AND toStartOfHour(time) < {end:DateTime64(6, 'UTC')}
GROUP BY window
