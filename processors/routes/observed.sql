-- The routes of a time by API, those of most requests first: how many requests, and how many found something there.
SELECT
    seen.api AS api,
    toString(seen.route) AS observed,
    count() AS requests,
    countIf(seen.status NOT IN (404, 405)) AS found
FROM usage_requests AS seen
WHERE {within} AND seen.api != ''
GROUP BY api, observed
ORDER BY requests DESC
LIMIT {most_routes:UInt32} BY api
LIMIT {most_rows:UInt32}
