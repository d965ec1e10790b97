-- OpenTelemetry spans, of gateways and of what stands behind them. Attributes stay under the names that they came with:
-- http.request.method and http.method, url.path and http.target both occur.
-- https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
SELECT
    reason != '' ? 'dead_letters' : 'spans' AS destination,
    reason,
    reason = '' ? '' : toJSONString(
        CAST(
            (trace_id, span_id, service, name, started_ns, ended_ns, all_attributes),
            'Tuple(trace_id String, span_id String, service String, name String, start_time_unix_nano UInt64,
                end_time_unix_nano UInt64, attributes Map(String, String))'
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
        resource_kind NOT IN ('', 'envoy'), resource_kind,
        -- Of Mule's own spans.
        mapContains(attributes, 'artifact.type') AND mapContains(attributes, 'correlation.id'), 'mule',
        attributes['node_id'] LIKE '%~%~%~%' OR attributes['upstream_cluster'] LIKE '%|%|%|%', 'mesh',
        attributes['component'] = 'proxy', 'envoy',
        resource_kind
    ) AS gateway_kind,
    -- docs/naming.md has the rule. Envoy sends its node in each span.
    multiIf(
        attributes['gateway'] != '', attributes['gateway'],
        attributes['k8s.pod.name'] != '', {{gateway_of_pod(attributes['k8s.pod.name']; attributes['k8s.namespace.name'])}},
        attributes['node_id'] LIKE '%~%~%~%', {{gateway_of_node(attributes['node_id'])}},
        resource_gateway != '', resource_gateway,
        payload_gateway != '', payload_gateway,
        gateway_kind != '', gateway_kind,
        instance
    ) AS gateway,
    multiIf(
        attributes['instance'] != '', attributes['instance'],
        attributes['k8s.pod.name'] != '', attributes['k8s.pod.name'],
        attributes['node_id'] LIKE '%~%~%~%', {{pod_of_node(attributes['node_id'])}},
        resource_instance != '', resource_instance,
        attributes['node_id'] != '', attributes['node_id'],
        toString({{instance_of_peer(peer)}})
    ) AS instance,
    trace_id,
    span_id,
    parent_span_id,
    service,
    name,
    kind_number BETWEEN 1 AND 5 ? ['internal', 'server', 'client', 'producer', 'consumer'][kind_number] : '' AS kind,
    ['ok', 'error'][status_code] AS status,
    ended_ns > started_ns ? intDiv(toUInt64(ended_ns - started_ns), 1000) : 0 AS duration_us,
    all_attributes AS attributes,
    {{format}} AS format,
    {{segment_id}} AS segment_id,
    received_at AS ingested_at
FROM
(
    SELECT
        *,
        multiIf(
            NOT match(trace_id, '^[0-9a-f]{32}$') OR trace_id = repeat('0', 32), 'no trace_id',
            NOT match(span_id, '^[0-9a-f]{16}$') OR span_id = repeat('0', 16), 'no span_id',
            started_ns = 0, 'no start_time_unix_nano',
            ''
        ) AS reason,
        mapUpdate(
            mapUpdate(resource, attributes),
            mapFilter(
                (name, value) -> value != '',
                map(
                    'otel.scope.name', toString(scope_name),
                    'otel.status_description', status_message,
                    'w3c.tracestate', trace_state,
                    'events', event_text,
                    'links', link_text,
                    'claimed_time', believed ? '' : toString(claimed),
                    -- Its duration is not known.
                    'claimed_end_time', ended_ns < started_ns ? toString(claimed_end) : ''
                )
            )
        ) AS all_attributes
    FROM
    (
        SELECT
            *,
            -- Bytes in Protobuf, hexadecimal in JSON.
            lower(length(raw_trace_id) = 16 ? hex(raw_trace_id) : raw_trace_id) AS trace_id,
            lower(length(raw_span_id) = 8 ? hex(raw_span_id) : raw_span_id) AS span_id,
            lower(length(raw_parent_span_id) = 8 ? hex(raw_parent_span_id) : raw_parent_span_id) AS parent_span_id,
            fromUnixTimestamp64Micro(toInt64(intDiv(started_ns, 1000)), 'UTC') AS claimed,
            fromUnixTimestamp64Micro(toInt64(intDiv(ended_ns, 1000)), 'UTC') AS claimed_end,
            {{believed(claimed)}} AS believed
        FROM view({{inner}})
    )
)
