SELECT received_at, format, reason, peer, substring(body, 1, 200) AS beginning
FROM dead_letters
ORDER BY received_at DESC
LIMIT 50
