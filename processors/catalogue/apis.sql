-- The APIs and versions that ever had traffic, by the hour, with the gateways that carried it.
SELECT
    seen.api AS api,
    seen.api_version AS version,
    arraySort(groupUniqArray(toString(seen.environment))) AS environments,
    arraySort(groupUniqArray(toString(seen.gateway))) AS gateways,
    min(seen.hour) AS first_seen,
    max(seen.hour) AS last_seen,
    sumIf(seen.requests, seen.hour >= {start:DateTime64(6, 'UTC')} AND seen.hour < {end:DateTime64(6, 'UTC')}) AS requests
FROM usage_1h AS seen
WHERE seen.api != ''
GROUP BY api, version
ORDER BY api, version
LIMIT {most_rows:UInt32}
