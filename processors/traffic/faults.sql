-- Why requests failed, the most frequent reason first.
SELECT
    fault,
    response_flags,
    status,
    policy,
    upstream,
    sum(seen.requests) AS requests,
    max(seen.time) AS last_seen
FROM {source} AS seen
WHERE {where} AND fault != ''
GROUP BY fault, response_flags, status, policy, upstream
ORDER BY requests DESC, fault, response_flags, status, policy, upstream
LIMIT {limit:UInt32}
