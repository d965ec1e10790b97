WITH sumMap(latency) AS histogram
SELECT api, api_version,
       sum(requests) AS asked,
       round(latency_percentile(histogram, 0.50) / 1000, 1) AS p50_ms,
       round(latency_percentile(histogram, 0.95) / 1000, 1) AS p95_ms,
       round(latency_percentile(histogram, 0.99) / 1000, 1) AS p99_ms,
       round(latency_apdex(histogram, 500000), 3) AS apdex
FROM usage_1m
WHERE minute >= now() - INTERVAL 24 HOUR
GROUP BY api, api_version
ORDER BY asked DESC
