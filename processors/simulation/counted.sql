-- Each request with its counter (`key`, and `part` where instances count apart; `counter` stands for both, as numbers are
-- sorted faster than text), the counter's limit, and its window.
(
    SELECT
        toString({key}) AS key,
        cityHash64(key, {part}) AS counter,
        toUInt64(transform(
            toString(seen.consumer), {tier_consumers:Array(String)}, {tier_limits:Array(UInt64)}, {limit:UInt64}
        )) AS allowed,
        toUnixTimestamp64Micro(seen.time) AS at,
        intDiv(at, {per_us:Int64}) AS window
    FROM usage_requests AS seen
    WHERE {where}
)
