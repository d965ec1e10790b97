-- What was received in a window and could not be parsed, the most frequent reason first.
SELECT
    format,
    reason,
    count() AS records
FROM dead_letters
WHERE received_at >= {start:DateTime64(6, 'UTC')} AND received_at < {end:DateTime64(6, 'UTC')}
    AND ({environment:String} = '' OR environment = {environment:String})
GROUP BY format, reason
ORDER BY records DESC, format, reason
