-- The days of which requests have been deleted, by environment: rollups counted more of them than there are. What is
-- missing of a day that is mostly there was taken out by hand, and the rest still tells what there was.
WITH
    -- Rollups by the day may be kept for longer than those by the hour, and lack what has just come.
    by_day AS
    (
        SELECT environment, toDate(time) AS day, requests
        FROM api_1d
        WHERE time < {until:DateTime64(6, 'UTC')}
            AND build IN (SELECT build FROM rollup_windows FINAL WHERE name = 'api_1d')
    ),
    counted AS
    (
        SELECT day, max(requests) AS counted_requests
        FROM
        (
            SELECT toDate(hour) AS day, sum(requests) AS requests
            FROM api_1h
            WHERE hour < {until:DateTime64(6, 'UTC')}
            GROUP BY day
            UNION ALL
            SELECT day, sum(requests) AS requests FROM by_day GROUP BY day
        )
        GROUP BY day
    ),
    -- Answered by what each part knows, without reading a row; only the days that are short are looked at by environment.
    stored AS (SELECT toDate(time) AS day, count() AS stored_requests FROM requests GROUP BY day),
    short AS
    (
        SELECT counted.day AS day
        FROM counted
        LEFT JOIN stored ON stored.day = counted.day
        WHERE stored.stored_requests < counted.counted_requests
    )
SELECT toString(lacking.environment) AS environment, lacking.day AS day
FROM
(
    SELECT environment, day, max(requests) AS requests
    FROM
    (
        SELECT environment, toDate(hour) AS day, sum(requests) AS requests
        FROM api_1h
        WHERE toDate(hour) IN (SELECT day FROM short)
        GROUP BY environment, day
        UNION ALL
        SELECT environment, day, sum(requests) AS requests
        FROM by_day
        WHERE day IN (SELECT day FROM short)
        GROUP BY environment, day
    )
    GROUP BY environment, day
) AS lacking
LEFT JOIN
(
    SELECT environment, toDate(time) AS day, count() AS requests
    FROM requests
    WHERE toDate(time) IN (SELECT day FROM short)
    GROUP BY environment, day
) AS held ON held.environment = lacking.environment AND held.day = lacking.day
WHERE held.requests * 10 < lacking.requests * 9
ORDER BY environment, day
