-- A window without requests is no row, and has room for all.
(
    SELECT
        key, counter, allowed, window, requests,
        over - moved AS over,
        room - any(moved) OVER (
            PARTITION BY counter ORDER BY window RANGE BETWEEN {later} PRECEDING AND {later} PRECEDING
        ) AS room,
        waiting + moved AS waiting
    FROM
    (
        SELECT
            *,
            least(
                over,
                if(
                    count() OVER later = 0,
                    toInt64(allowed),
                    any(room) OVER later
                )
            ) AS moved
        FROM {inner}
        WINDOW later AS (
            PARTITION BY counter ORDER BY window RANGE BETWEEN {later} FOLLOWING AND {later} FOLLOWING
        )
    )
)
