-- OpenTelemetry metrics. What the resource says beyond who it is becomes labels, beside the point's own.
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
    multiIf(payload_gateway != '', payload_gateway, node_cluster != '', node_cluster, gateway_kind) AS gateway,
    node_id != '' ? node_id : toString(peer) AS instance,
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
        -- A point that only tells that its series has ended has no value.
        WHERE bitAnd(flags, 1) = 0
    )
)
