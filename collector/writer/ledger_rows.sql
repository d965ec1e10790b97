-- The rows that the tables hold of segments received between `since` and `until`, counted anew, and whether the ledger
-- has them. Rows of what happened before `happened_since` are left out, for tables are sorted by that time. Of the
-- segments in `only`, or of `all`.
SELECT
    segment_id,
    sum(n) AS rows,
    segment_id IN (SELECT segment_id FROM books WHERE received_at >= fromUnixTimestamp64Micro({since:Int64})) AS is_known
FROM
(
    SELECT segment_id, count() AS n
    FROM requests
    WHERE ingested_at BETWEEN fromUnixTimestamp64Micro({since:Int64}) AND fromUnixTimestamp64Micro({until:Int64})
        AND time >= fromUnixTimestamp64Micro({happened_since:Int64})
        -- As in the sorting key; it is not derived from the line above.
        AND toStartOfHour(time) >= toStartOfHour(fromUnixTimestamp64Micro({happened_since:Int64}, 'UTC'))
    GROUP BY segment_id
    UNION ALL
    SELECT segment_id, count()
    FROM metrics
    WHERE ingested_at BETWEEN fromUnixTimestamp64Micro({since:Int64}) AND fromUnixTimestamp64Micro({until:Int64})
        AND time >= fromUnixTimestamp64Micro({happened_since:Int64})
    GROUP BY segment_id
    UNION ALL
    SELECT segment_id, count()
    FROM spans
    WHERE ingested_at BETWEEN fromUnixTimestamp64Micro({since:Int64}) AND fromUnixTimestamp64Micro({until:Int64})
        AND time >= fromUnixTimestamp64Micro({happened_since:Int64})
    GROUP BY segment_id
    UNION ALL
    SELECT segment_id, count()
    FROM logs
    WHERE ingested_at BETWEEN fromUnixTimestamp64Micro({since:Int64}) AND fromUnixTimestamp64Micro({until:Int64})
        AND time >= fromUnixTimestamp64Micro({happened_since:Int64})
    GROUP BY segment_id
    UNION ALL
    SELECT segment_id, count()
    FROM dead_letters
    WHERE received_at BETWEEN fromUnixTimestamp64Micro({since:Int64}) AND fromUnixTimestamp64Micro({until:Int64})
    GROUP BY segment_id
    UNION ALL
    -- Dead letters that have been read again are rows of another segment by now.
    SELECT segment_id, sum(records)
    FROM replayed FINAL
    WHERE received_at BETWEEN fromUnixTimestamp64Micro({since:Int64}) AND fromUnixTimestamp64Micro({until:Int64})
        AND replay IN (SELECT replay FROM replays FINAL WHERE state IN ('stored', 'done'))
    GROUP BY segment_id
)
WHERE segment_id != '' AND ({all:Bool} OR segment_id IN {only:Array(String)})
GROUP BY segment_id
