-- The ledger's entries of the segments that were stored after one moment and up to another, the oldest first. Of the
-- segments in `only`, or of `all`.
SELECT
    segment_id,
    sum(records) AS expected,
    sum(requests + metrics + spans + logs + dead_letters) AS filed,
    min(received_at) AS first_received,
    max(received_at) AS last_received,
    max(stored_at) AS stored
FROM books
WHERE stored_at > fromUnixTimestamp64Micro({after:Int64})
    AND stored_at <= least(fromUnixTimestamp64Micro({until:Int64}), now64(6) - {settled:UInt32})
    AND ({all:Bool} OR segment_id IN {only:Array(String)})
GROUP BY segment_id
ORDER BY stored
LIMIT {most:UInt32} WITH TIES
