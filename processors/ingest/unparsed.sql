-- What was received in a window and could not be parsed, by format and reason, the most frequent first; of each the
-- beginning of the newest one, as base64, since it may be no text.
SELECT
    format,
    reason,
    count() AS records,
    min(received_at) AS first_seen,
    max(received_at) AS last_seen,
    uniqExact(seen.peer) AS peers,
    argMax(seen.peer, received_at) AS peer,
    argMax(seen.environment, received_at) AS environment,
    argMax(length(body), received_at) AS size,
    base64Encode(argMax(substring(body, 1, {sample:UInt32}), received_at)) AS beginning
FROM dead_letters AS seen
WHERE received_at >= {start:DateTime64(6, 'UTC')} AND received_at < {end:DateTime64(6, 'UTC')}
    AND ({format:String} = '' OR format = {format:String})
    AND ({reason:String} = '' OR reason = {reason:String})
GROUP BY format, reason
ORDER BY records DESC, format, reason
LIMIT {most:UInt32}
