SELECT toDate(time) AS day, consumer, api,
       count() AS requests,
       countIf(status >= 500 OR status = 0) AS errors,
       formatReadableSize(sum(response_bytes)) AS sent
FROM usage_requests
WHERE time >= now() - INTERVAL 30 DAY
GROUP BY day, consumer, api
ORDER BY day DESC, requests DESC
