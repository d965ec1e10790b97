-- The hours of which id_1h was made, and of how many requests.
SELECT intDiv(toUnixTimestamp(time), 3600), requests
FROM rollup_windows FINAL
WHERE name = 'id_1h' AND time >= {start:DateTime64(6, 'UTC')} AND time < {end:DateTime64(6, 'UTC')}
