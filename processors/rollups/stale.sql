-- The windows of roll-ups that lack requests, the newest first: api_1h counts each request as it is stored.
SELECT
    lacking.name AS name,
    lacking.time AS time,
    lacking.requests AS requests,
    ifNull(made.built_at, toDateTime64(0, 3, 'UTC')) AS built_at
FROM
(
    SELECT
        rollup.1 AS name,
        toDateTime(intDiv(toUnixTimestamp(counted.hour), rollup.2) * rollup.2, 'UTC') AS time,
        sum(counted.requests) AS requests
    FROM
    (
        SELECT hour, sum(stored.requests) AS requests
        FROM api_1h AS stored
        GROUP BY hour
    ) AS counted
    ARRAY JOIN arrayZip({rollups:Array(String)}, {units:Array(UInt32)}) AS rollup
    GROUP BY name, time
    -- Those that have passed.
    HAVING toUnixTimestamp(time) + any(rollup.2) <= {now:UInt32}
) AS lacking
LEFT JOIN
(
    SELECT name, time, requests, built_at
    FROM rollup_windows FINAL
) AS made ON made.name = lacking.name AND made.time = lacking.time
WHERE lacking.requests > made.requests
ORDER BY time DESC, name
