-- What was stored in the last day, and the seconds that there was to do so.
SELECT
    sum(books.requests) AS requests,
    sum(books.metrics) AS metrics,
    sum(books.spans) AS spans,
    sum(books.logs) AS logs,
    sum(books.dead_letters) AS dead_letters,
    least(86400, greatest(3600, {now:Int64} - toUnixTimestamp(ifNull(
        (SELECT min(received_at) FROM books), fromUnixTimestamp({now:Int64})
    )))) AS seconds
FROM books
WHERE received_at >= fromUnixTimestamp({now:Int64} - 86400)
