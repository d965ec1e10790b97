-- Where the next dead letters behind a place are: moment in microseconds, what identifies bodies, size.
SELECT
    toUnixTimestamp64Micro(received_at) AS moment,
    hex(sipHash128(body)) AS body_hash,
    length(body) AS size
FROM dead_letters
WHERE has({formats:Array(String)}, format)
    AND ({reason:String} = '' OR reason = {reason:String})
    AND received_at >= fromUnixTimestamp64Micro(greatest({start:Int64}, {after:Int64}), 'UTC')
    AND received_at < fromUnixTimestamp64Micro({end:Int64}, 'UTC')
    AND (received_at > fromUnixTimestamp64Micro({after:Int64}, 'UTC') OR body_hash > {after_hash:String})
ORDER BY received_at, body_hash
LIMIT {most:UInt32}
