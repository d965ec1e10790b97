SELECT time, gateway, api, route, method, status, response_flags,
       duration_us / 1000 AS duration_ms, upstream_us / 1000 AS upstream_ms, consumer, request_id
FROM usage_requests
WHERE time >= now() - INTERVAL 1 HOUR
ORDER BY duration_us DESC
LIMIT 100
