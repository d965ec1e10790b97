-- Why records of some segments are dead letters, the most frequent reasons first, each with one of them.
SELECT reason, count() AS found, toValidUTF8(substring(any(body), 1, {{characters}})) AS example
FROM dead_letters
WHERE segment_id IN ({{segments}})
GROUP BY reason
ORDER BY found DESC, reason
LIMIT {{most}}
