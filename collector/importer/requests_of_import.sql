-- The requests of some segments by what is worth a word: no duration, a doubt, a time that is not believed.
SELECT doubt, is_without_duration, clock, count() AS found, min(claimed_time) AS oldest
FROM
(
    SELECT
        attributes['gatelens.doubt'] AS doubt,
        duration_us IS NULL AS is_without_duration,
        attributes['claimed_time'] AS claimed_time,
        multiIf(claimed_time = '', '', toDateTime64OrZero(claimed_time, 6, 'UTC') < time, 'older', 'ahead') AS clock
    FROM requests
    WHERE segment_id IN ({{segments}})
)
GROUP BY doubt, is_without_duration, clock
