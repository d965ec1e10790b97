-- The columns of what people read most, the facts first.
SELECT table, name, type
FROM system.columns
WHERE database = currentDatabase()
    AND table IN ('usage_requests', 'usage_1m', 'usage_10m', 'usage_1h', 'usage_1d', 'usage_route_1h',
        'usage_consumer_1h', 'usage_consumer_1d', 'usage_fault_10m', 'requests', 'api_1m', 'api_1h', 'metrics', 'logs', 'spans',
        'dead_letters', 'books', 'alert_history')
ORDER BY
    indexOf(['usage_requests', 'usage_1m', 'usage_10m', 'usage_1h', 'usage_1d', 'usage_route_1h', 'usage_consumer_1h',
        'usage_consumer_1d', 'usage_fault_10m', 'requests', 'logs', 'metrics', 'spans', 'dead_letters', 'books',
        'api_1m', 'api_1h', 'alert_history'], table),
    position
