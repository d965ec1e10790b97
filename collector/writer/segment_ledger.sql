-- Segments whose ledger does not balance: records that the transform read, against rows that the tables hold.
WITH
    entered AS
    (
        SELECT segment_id, sum(records) AS records, sum(requests) AS requests, sum(metrics) AS metrics,
            sum(spans) AS spans, sum(logs) AS logs, sum(dead_letters) AS dead_letters
        FROM books
        WHERE received_at >= {since:DateTime64(6)}
        GROUP BY segment_id
    ),
    found AS
    (
        SELECT segment_id, sum(n) AS rows
        FROM
        (
            SELECT segment_id, count() AS n FROM requests GROUP BY segment_id
            UNION ALL SELECT segment_id, count() FROM metrics GROUP BY segment_id
            UNION ALL SELECT segment_id, count() FROM spans GROUP BY segment_id
            UNION ALL SELECT segment_id, count() FROM logs GROUP BY segment_id
            UNION ALL SELECT segment_id, count() FROM dead_letters GROUP BY segment_id
            UNION ALL
            SELECT segment_id, sum(records)
            FROM replayed FINAL
            WHERE replay IN (SELECT replay FROM replays FINAL WHERE state IN ('stored', 'done'))
            GROUP BY segment_id
        )
        GROUP BY segment_id
    )
SELECT entered.segment_id AS segment_id, entered.records AS records, found.rows AS rows
FROM entered
LEFT JOIN found ON found.segment_id = entered.segment_id
WHERE records != rows OR records != requests + metrics + spans + logs + dead_letters
ORDER BY segment_id
