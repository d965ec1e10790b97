(
    SELECT
        key,
        counter,
        allowed,
        window,
        toInt64(count()) AS requests,
        greatest(requests - toInt64(allowed), 0) AS over,
        greatest(toInt64(allowed) - requests, 0) AS room,
        toInt64(0) AS waiting
    FROM {counted}
    GROUP BY key, counter, allowed, window
)
