-- The last request of each instance: of long ago, to ten minutes.
SELECT environment, gateway, instance, gateway_kind, max(at) AS last_request
FROM
(
    SELECT environment, gateway, instance, gateway_kind, time AS at
    FROM requests
    WHERE time >= {end:DateTime64(6, 'UTC')} - INTERVAL 2 HOUR AND time < {end:DateTime64(6, 'UTC')}
    UNION ALL
    SELECT environment, gateway, instance, gateway_kind, toDateTime64(time, 6, 'UTC') AS at
    FROM handled_edge_10m
    WHERE time >= {start:DateTime64(6, 'UTC')} AND time < {end:DateTime64(6, 'UTC')} - INTERVAL 2 HOUR
) AS stored
WHERE {where}
GROUP BY environment, gateway, instance, gateway_kind
