-- The routes that were decided, with how many observed ones each stands for; of one API, or for '' of all.
SELECT api, route, any(reason) AS reason, count() AS observed
FROM route_decisions FINAL
WHERE {api:String} IN ('', api)
GROUP BY api, route
ORDER BY api, route
LIMIT {most_rows:UInt32}
