-- The dead letters from behind one place up to another, oldest first. Equal ones of a segment, received at the same time,
-- are one row; it says of each of them where it came from.
SELECT
    toUnixTimestamp64Micro(received_at) AS moment,
    segment_id,
    format,
    hex(sipHash128(body)) AS body_hash,
    base64Encode(any(body)) AS content,
    any(reason) AS why,
    arraySort(groupArray((environment, gateway, peer))) AS origins
FROM dead_letters
WHERE has({formats:Array(String)}, format)
    AND ({reason:String} = '' OR reason = {reason:String})
    AND received_at >= fromUnixTimestamp64Micro(greatest({start:Int64}, {after:Int64}), 'UTC')
    AND received_at <= fromUnixTimestamp64Micro({until:Int64}, 'UTC')
    AND received_at < fromUnixTimestamp64Micro({end:Int64}, 'UTC')
    AND (received_at > fromUnixTimestamp64Micro({after:Int64}, 'UTC') OR body_hash > {after_hash:String})
    AND (received_at < fromUnixTimestamp64Micro({until:Int64}, 'UTC') OR body_hash <= {until_hash:String})
GROUP BY received_at, segment_id, format, body_hash
ORDER BY received_at, segment_id, body_hash
