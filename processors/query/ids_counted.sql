-- The requests of each hour, as hours since the epoch: each is counted as it is stored.
SELECT intDiv(toUnixTimestamp(stored.hour), 3600) AS number, sum(stored.requests)
FROM api_1h AS stored
WHERE stored.hour >= {start:DateTime64(6, 'UTC')} AND stored.hour < {end:DateTime64(6, 'UTC')}
GROUP BY number
