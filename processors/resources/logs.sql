-- The newest runtime logs.
SELECT time, severity, gateway, instance, body
FROM logs AS stored
WHERE time >= {start:DateTime64(6, 'UTC')} AND time < {end:DateTime64(6, 'UTC')} AND {where}
ORDER BY time DESC
LIMIT {limit:UInt32}
