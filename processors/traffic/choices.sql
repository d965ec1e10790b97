-- What there is to filter by in the window; where it is more than a menu can hold, the busiest.
SELECT environment, gateway, api, api_version
FROM
(
    SELECT environment, gateway, api, api_version
    FROM {source} AS seen
    WHERE {where}
    GROUP BY environment, gateway, api, api_version
    ORDER BY sum(seen.requests) DESC, environment, gateway, api, api_version
    LIMIT {limit:UInt32}
)
ORDER BY environment, gateway, api, api_version
