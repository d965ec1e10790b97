-- A row an instance and step: what is used and its limits; NULL is unknown.
WITH
    -- Between samples that are further apart than so many milliseconds, nothing is known of a counter.
    {gap:UInt32} * 1000 AS longest_gap,
    of_series AS
    (
        SELECT
            any(stored.environment) AS environment,
            any(stored.gateway) AS gateway,
            any(stored.instance) AS instance,
            any(stored.quantity) AS quantity,
            any(stored.source) AS source,
            any(stored.rank) AS rank,
            any(stored.is_sidecar) AS is_sidecar,
            multiIf(
                quantity IN ('cpu_seconds', 'cpu_seconds_delta', 'cpu_cores', 'cpu_share'), 'cpu',
                quantity IN ('cpu_limit', 'cpu_quota', 'cpu_period', 'cpu_count'), 'cpu_limit',
                quantity IN ('memory_bytes', 'memory_available', 'memory_share'), 'memory',
                toString(quantity)
            ) AS family,
            arraySort(groupArray((bucket, first, last, low, high, total, total / samples))) AS ordered
        FROM {rollup} AS stored
        -- What counters had risen to before the window is needed too.
        WHERE bucket >= {start:DateTime64(6, 'UTC')} - INTERVAL {gap:UInt32} SECOND AND bucket < {end:DateTime64(6, 'UTC')}
            AND stored.quantity NOT IN ('started_at', 'uptime', 'restarts', 'version')
            AND ({with_hosts:Bool} OR stored.source != 'host') AND {where}
        GROUP BY series
    ),
    -- Which of several that tell the same counts. A pod's other containers are not the gateway's, if it has a sidecar.
    best_of_series AS
    (
        SELECT *, min(rank) OVER (PARTITION BY environment, gateway, instance, family) AS best
        FROM (SELECT *, max(is_sidecar) OVER (PARTITION BY environment, gateway, instance) AS has_sidecar FROM of_series)
        WHERE is_sidecar OR NOT has_sidecar OR source != 'container'
    ),
    amounts AS
    (
        SELECT
            environment,
            gateway,
            instance,
            quantity,
            if(family IN ('cpu', 'memory'), source, '') AS source,
            family,
            arrayJoin(arrayMap(
                (now, before) -> (
                    now.1,
                    multiIf(
                        quantity = 'cpu_seconds_delta', now.6 / {bucket:UInt32},
                        quantity != 'cpu_seconds', now.7,
                        counter_rate(now.2, now.3, now.4, now.5, before, longest_gap)
                    )
                ),
                ordered,
                arrayPushFront(arrayPopBack(tupleElement(ordered, 3)), (toDateTime64(0, 3, 'UTC'), 0.))
            )) AS amount
        FROM best_of_series
        WHERE rank = best
    ),
    buckets AS
    (
        SELECT
            amount.1 AS bucket,
            environment,
            gateway,
            instance,
            maxIf(source, family = 'cpu') AS cpu_source,
            maxIf(source, family = 'memory') AS memory_source,
            sumOrNullIf(amount.2, quantity IN ('cpu_seconds', 'cpu_seconds_delta', 'cpu_cores')) AS cores,
            sumOrNullIf(amount.2, quantity = 'cpu_share') AS cpu_share,
            coalesce(
                sumOrNullIf(amount.2, quantity = 'cpu_limit'),
                sumOrNullIf(amount.2, quantity = 'cpu_quota')
                    / ifNull(maxOrNullIf(amount.2, quantity = 'cpu_period'), 100000),
                nullIf(toFloat64(countIf(quantity = 'cpu_count')), 0)
            ) AS cpu_limit,
            sumOrNullIf(amount.2, quantity = 'memory_limit') AS memory_limit,
            sumOrNullIf(amount.2, quantity = 'memory_share') AS memory_share,
            coalesce(
                sumOrNullIf(amount.2, quantity = 'memory_bytes'),
                memory_limit - sumOrNullIf(amount.2, quantity = 'memory_available')
            ) AS memory_bytes,
            sumOrNullIf(amount.2, quantity = 'heap_bytes') AS heap_bytes,
            sumOrNullIf(amount.2, quantity = 'heap_limit') AS heap_limit
        FROM amounts
        WHERE bucket >= {start:DateTime64(6, 'UTC')}
        GROUP BY bucket, environment, gateway, instance
    )
SELECT
    toDateTime(intDiv(toUnixTimestamp(used.bucket), {step:UInt32}) * {step:UInt32}, 'UTC') AS time,
    environment,
    gateway,
    instance,
    argMax(used.cpu_source, used.bucket) AS cpu_source,
    argMax(used.memory_source, used.bucket) AS memory_source,
    avg(used.cores) AS cores,
    max(used.cores) AS cores_max,
    argMax(used.cpu_limit, used.bucket) AS cpu_limit,
    avg(used.cpu_share) AS cpu_share,
    max(used.cpu_share) AS cpu_share_max,
    avg(used.memory_bytes) AS memory_bytes,
    max(used.memory_bytes) AS memory_bytes_max,
    argMax(used.memory_limit, used.bucket) AS memory_limit,
    avg(used.memory_share) AS memory_share,
    max(used.memory_share) AS memory_share_max,
    avg(used.heap_bytes) AS heap_bytes,
    argMax(used.heap_limit, used.bucket) AS heap_limit
FROM buckets AS used
GROUP BY time, environment, gateway, instance
ORDER BY time, environment, gateway, instance
