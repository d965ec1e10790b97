-- What there is to filter by in the window.
SELECT DISTINCT environment, gateway, api, api_version
FROM {source} AS seen
WHERE {where}
ORDER BY environment, gateway, api, api_version
