-- The rows of some segments in another table whose time is not believed.
SELECT clock, count() AS found, min(claimed_time) AS oldest
FROM
(
    SELECT
        {{attributes}}['claimed_time'] AS claimed_time,
        toDateTime64OrZero(claimed_time, 6, 'UTC') < time ? 'older' : 'ahead' AS clock
    FROM {{table}}
    WHERE segment_id IN ({{segments}}) AND claimed_time != ''
)
GROUP BY clock
