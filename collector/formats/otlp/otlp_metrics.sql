-- OpenTelemetry metrics. What the resource says beyond who it is becomes labels, with the point's own.
-- https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
SELECT
    reason != '' ? 'dead_letters' : 'metrics' AS destination,
    reason,
    reason = '' ? '' : toJSONString(
        CAST(
            (name, unit, kind, time_unix_nano, point_value, count, bounds, bucket_counts, labels),
            'Tuple(name String, unit String, kind String, time_unix_nano UInt64, value Nullable(Float64), count UInt64,
                bounds Array(Float64), bucket_counts Array(UInt64), labels Map(String, String))'
        )
    ) AS raw,
    peer,
    believed ? claimed : received_at AS time,
    multiIf(
        named_environment != '', named_environment,
        payload_environment != '', payload_environment,
        {{default_environment}}
    ) AS environment,
    multiIf(
        resource_kind != '', resource_kind,
        startsWith(name, 'mule.'), 'mule',
        startsWith(name, 'istio_'), 'mesh',
        startsWith(name, 'envoy_'), 'envoy',
        ''
    ) AS gateway_kind,
    -- docs/naming.md has the rule.
    multiIf(
        attributes['gateway'] != '', attributes['gateway'],
        pod != '', {{gateway_of_pod(pod; namespace)}},
        resource_gateway != '', resource_gateway,
        payload_gateway != '', payload_gateway,
        gateway_kind != '', gateway_kind,
        instance
    ) AS gateway,
    multiIf(
        attributes['instance'] != '', attributes['instance'],
        pod != '', pod,
        resource_instance != '', resource_instance,
        toString({{instance_of_peer(peer)}})
    ) AS instance,
    multiIf(
        attributes['k8s.node.name'] != '', attributes['k8s.node.name'],
        attributes['node'] != '', attributes['node'],
        attributes['host.name'] != '', attributes['host.name'],
        resource_host
    ) AS host,
    name,
    kind,
    unit,
    labels,
    -- A histogram may have no sum.
    ifNull(point_value, nan) AS value,
    count,
    bounds,
    bucket_counts,
    {{format}} AS format,
    {{segment_id}} AS segment_id,
    received_at AS ingested_at
FROM
(
    SELECT
        * EXCEPT (value, problem),
        -- The pod itself, or one that a Prometheus receiver or an agent of the node reports.
        if(attributes['k8s.pod.name'] != '', attributes['k8s.pod.name'], attributes['pod']) AS pod,
        if(attributes['k8s.namespace.name'] != '', attributes['k8s.namespace.name'], attributes['namespace']) AS namespace,
        value AS point_value,
        name = '' ? 'no name' : problem AS reason,
        mapUpdate(
            mapUpdate(resource, attributes),
            mapFilter(
                (name, value) -> value != '',
                map(
                    'otel.scope.name', toString(scope_name),
                    'aggregation_temporality', temporality = 1 ? 'delta' : '',
                    'quantile', quantile,
                    'claimed_time', believed ? '' : toString(claimed)
                )
            )
        ) AS labels
    FROM
    (
        SELECT
            *,
            time_unix_nano = 0
                ? received_at
                : fromUnixTimestamp64Micro(toInt64(intDiv(time_unix_nano, 1000)), 'UTC') AS claimed,
            {{believed(claimed)}} AS believed
        FROM ({{inner}})
        -- A point that only marks the end of its series has no value.
        WHERE bitAnd(flags, 1) = 0
    )
)
