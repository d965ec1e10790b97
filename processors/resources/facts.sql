-- What is known of each instance besides CPU and memory: its host, version, start, restarts, and its last sample.
SELECT
    environment,
    gateway,
    instance,
    max(newest.gateway_kind) AS gateway_kind,
    max(newest.host) AS host,
    argMaxIf(newest.version, tupleElement(newest.last, 1), newest.version != '') AS version,
    argMinOrNullIf(began, newest.rank, began IS NOT NULL) AS started_at,
    maxOrNullIf(tupleElement(newest.last, 2), quantity = 'restarts') AS restarts,
    max(tupleElement(newest.last, 1)) AS last_seen,
    min(newest.source = 'host') AS is_host
FROM
(
    SELECT
        *,
        multiIf(
            quantity = 'started_at', tupleElement(last, 2),
            quantity = 'uptime', toUnixTimestamp64Milli(tupleElement(last, 1)) / 1000 - tupleElement(last, 2),
            NULL
        ) AS began
    FROM
    (
        -- Of each series the newest.
        SELECT environment, gateway, instance, quantity, source, rank, max(stored.gateway_kind) AS gateway_kind,
            max(stored.host) AS host, max(stored.version) AS version, max(stored.last) AS last
        FROM resource_1h AS stored
        WHERE hour >= toStartOfHour({start:DateTime64(6, 'UTC')}) AND hour < {end:DateTime64(6, 'UTC')} AND {where}
        GROUP BY environment, gateway, instance, quantity, source, rank, series
    )
) AS newest
GROUP BY environment, gateway, instance
