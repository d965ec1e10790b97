-- A row of metrics for each value, whose clock is believed or not.
SELECT
    if(problem = '', 'metrics', 'dead_letters') AS destination,
    problem AS reason,
    record AS raw,
    peer,
    if(believed, claimed, received_at) AS time,
    environment,
    gateway_kind,
    gateway,
    instance,
    host,
    name,
    multiIf(has_exponential_buckets, 'exponential_histogram', notEmpty(bucket_counts), 'histogram', stated_kind) AS kind,
    unit,
    if(
        believed,
        labels,
        mapConcat(labels, map('claimed_time', possible = milliseconds ? toString(claimed) : toString(milliseconds)))
    ) AS labels,
    value,
    count,
    bounds,
    bucket_counts,
    {{format}} AS format,
    {{segment_id}} AS segment_id,
    received_at AS ingested_at
FROM
(
    SELECT
        *,
        -- Up to the year 9999: what lies beyond cannot be compared to other times.
        least(greatest(milliseconds, -253402300799999), 253402300799999) AS possible,
        fromUnixTimestamp64Milli(possible, 'UTC') AS claimed,
        milliseconds - toUnixTimestamp64Milli(received_at) AS ahead,
        -- Without AND, which is planned the longer the more there is below it.
        ahead > 600000 ? 0 : ahead >= -86400000 * {{retention_days}} AS believed
    FROM ({{inner}})
)
