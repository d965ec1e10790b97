-- Requests between workloads as Istio's metrics count them at the destination, and those of them over mutual TLS.
SELECT
    environment,
    source,
    target,
    sum(rise) AS counted,
    sumIf(rise, is_mutual) AS mutual
FROM
(
    SELECT
        environment,
        source,
        target,
        is_mutual,
        arraySum(arrayMap(
            (now, before) -> now >= before ? now - before : now, arrayPopFront(counts), arrayPopBack(counts)
        )) AS rise
    FROM
    (
        SELECT
            environment,
            concat(labels['source_workload'], '.', labels['source_workload_namespace']) AS source,
            concat(labels['destination_service_name'], '.', labels['destination_service_namespace'])
                AS target,
            labels['connection_security_policy'] = 'mutual_tls' AS is_mutual,
            arrayMap(sample -> sample.2, arraySort(groupArray((time, value)))) AS counts
        FROM metrics
        WHERE name = 'istio_requests_total' AND labels['reporter'] = 'destination'
            AND time >= {start:DateTime64(6, 'UTC')} AND time < {end:DateTime64(6, 'UTC')} AND {where}
        GROUP BY environment, instance, labels, source, target, is_mutual
    )
)
GROUP BY environment, source, target
HAVING counted > 0
