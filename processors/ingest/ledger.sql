-- What became of the records that were received in a window, by format, and how long it took until they could be queried.
-- `read_again` are dead letters that replays have made rows of: they are no longer dead letters.
SELECT
    books.format AS format,
    count() AS segments,
    sum(books.records) AS records,
    sum(books.requests) AS requests,
    sum(books.metrics) AS metrics,
    sum(books.spans) AS spans,
    sum(books.logs) AS logs,
    sum(books.dead_letters) AS dead_letters,
    sum(again.records) AS read_again,
    sum(books.requests + books.metrics + books.spans + books.logs + books.dead_letters) AS filed,
    quantile(0.95)(greatest(0, dateDiff('millisecond', books.received_at, books.stored_at))) AS lag_p95,
    max(books.received_at) AS last_received
FROM books
LEFT JOIN
(
    SELECT segment_id, format, sum(records) AS records
    FROM replayed FINAL
    WHERE replay IN (SELECT replay FROM replays FINAL WHERE state IN ('stored', 'done'))
    GROUP BY segment_id, format
) AS again ON again.segment_id = books.segment_id AND again.format = books.format
WHERE books.received_at >= {start:DateTime64(6, 'UTC')} AND books.received_at < {end:DateTime64(6, 'UTC')}
    AND books.records > 0
    -- What was read again is stored long after it was received, which is no lag.
    AND NOT match(books.segment_id, '^(keep_time-)?replay-')
GROUP BY format
ORDER BY records DESC, format
