SELECT
    hour,
    sum(requests) AS asked,
    sum(status_5xx) + sum(status_other) AS failed
FROM usage_1h
WHERE hour >= now() - INTERVAL 7 DAY
GROUP BY hour
ORDER BY hour
