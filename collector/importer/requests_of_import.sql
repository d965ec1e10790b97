-- The requests of some segments by what is worth a word: no duration, a doubt, a time that is not believed.
SELECT doubt, is_without_duration, clock, count() AS found, toString(min(claimed)) AS oldest
FROM
(
    SELECT
        attributes['gatelens.doubt'] AS doubt,
        duration_us IS NULL AS is_without_duration,
        toDateTime64OrNull(attributes['claimed_time'], 6, 'UTC') AS claimed,
        multiIf(claimed IS NULL, '', claimed < time, 'older', 'ahead') AS clock
    FROM requests
    WHERE segment_id IN ({{segments}})
)
GROUP BY doubt, is_without_duration, clock
