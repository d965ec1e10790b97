-- The rows of some segments in another table by whether their time is believed.
SELECT clock, count() AS found, toString(min(claimed)) AS oldest
FROM
(
    SELECT
        toDateTime64OrNull({{attributes}}['claimed_time'], 6, 'UTC') AS claimed,
        multiIf(claimed IS NULL, '', claimed < time, 'older', 'ahead') AS clock
    FROM {{table}}
    WHERE segment_id IN ({{segments}})
)
WHERE clock != ''
GROUP BY clock
