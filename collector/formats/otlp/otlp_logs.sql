-- OpenTelemetry log records. Those with the attributes of an access log, under Istio's names, become requests; all others
-- are runtime logs.
-- https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto
WITH
    {{microseconds_of_milliseconds()}} AS microseconds,
    -- What few records tell: who they are of, and of which trace in a header. Most are not searched for each of the names.
    mapFilter(
        (name, value) -> name IN (
            'gateway', 'instance', 'k8s.pod.name', 'k8s.namespace.name',
            'traceparent', 'b3', 'x-b3-traceid', 'x-b3-spanid', 'span_id'
        ),
        attributes
    ) AS own
SELECT
    received_at,
    if(named_environment != '', named_environment, payload_environment) AS environment,
    -- docs/naming.md has the rule.
    firstNonDefault(
        own['gateway'],
        {{gateway_of_pod(own['k8s.pod.name']; own['k8s.namespace.name'])}},
        resource_gateway,
        toString(payload_gateway)
    ) AS named_gateway,
    firstNonDefault(own['instance'], own['k8s.pod.name'], istio_node, resource_instance) AS node_id,
    '' AS node_cluster,
    peer,
    multiIf(resource_kind != '', resource_kind, is_log, '', 'envoy') AS default_kind,
    multiIf(is_empty, '{}', is_log, body_text, problem != '', toJSONString(attributes), '') AS record,
    nanoseconds + severity_number + length(attributes) + length(body_text) + length(event_name) + length(severity_text) = 0
        AS is_empty,
    multiIf(
        is_empty, 'an empty log record',
        is_log, '',
        if(code IS NULL, attributes['response_code'] != '-', 0), 'response_code is not a number',
        if(took_us IS NULL, attributes['duration'] NOT IN ('', '-'), 0), 'duration is not a number',
        if(received_bytes IS NULL, attributes['bytes_received'] NOT IN ('', '-'), 0), 'bytes_received is not a number',
        if(sent_bytes IS NULL, attributes['bytes_sent'] NOT IN ('', '-'), 0), 'bytes_sent is not a number',
        ''
    ) AS problem,
    attributes['response_code'] = '' AS is_log,
    if(time_unix_nano > 0, time_unix_nano, observed_time_unix_nano) AS nanoseconds,
    if(nanoseconds = 0, NULL, fromUnixTimestamp64Micro(toInt64(intDiv(nanoseconds, 1000)), 'UTC')) AS started,
    toUInt16OrNull(attributes['response_code']) AS code,
    ifNull(toUInt64OrNull(attributes['duration_us']), microseconds(attributes['duration'])) AS took_us,
    if(
        attributes['upstream_us'] != '',
        toUInt64OrNull(attributes['upstream_us']),
        microseconds(attributes['upstream_service_time'])
    ) AS upstream_took_us,
    attributes['method'] AS method,
    attributes['path'] AS url,
    attributes['protocol'] AS protocol,
    attributes['authority'] AS authority,
    attributes['response_flags'] AS flags,
    attributes['response_code_details'] AS details,
    attributes['connection_termination_details'] AS termination_details,
    attributes['upstream_transport_failure_reason'] AS failure_reason,
    toUInt64OrNull(attributes['bytes_received']) AS received_bytes,
    toUInt64OrNull(attributes['bytes_sent']) AS sent_bytes,
    ifNull(received_bytes, 0) AS request_bytes,
    ifNull(sent_bytes, 0) AS response_bytes,
    attributes['x_forwarded_for'] AS forwarded_for,
    attributes['downstream_remote_address'] AS downstream_address,
    attributes['user_agent'] AS user_agent,
    attributes['request_id'] AS request_id,
    -- Bytes in Protobuf, hexadecimal in JSON.
    -- Envoy has none where it traces nothing, and may log those of its client.
    multiIf(
        length(raw_trace_id) = 32, lower(raw_trace_id),
        raw_trace_id != '', lower(hex(raw_trace_id)),
        attributes['trace_id'] != '', attributes['trace_id'],
        {{trace_of_headers(own['traceparent']; own['b3']; own['x-b3-traceid']; 1)}}
    ) AS trace_id,
    multiIf(
        length(raw_span_id) = 16, lower(raw_span_id),
        raw_span_id != '', lower(hex(raw_span_id)),
        raw_trace_id != '', '',
        own['span_id'] != '', own['span_id'],
        {{trace_of_headers(own['traceparent']; own['b3']; own['x-b3-spanid']; 2)}}
    ) AS span_id,
    -- https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
    multiIf(
        severity_number > 0,
            ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'][intDiv(severity_number - 1, 4) + 1],
        -- Text alone is what loggers call it: .NET's, Java's, Python's, syslog's.
        transform(
            upper(toString(severity_text)),
            [
                'VERBOSE', 'INFORMATION', 'INFORMATIONAL', 'NOTICE', 'WARNING', 'ERR', 'SEVERE', 'CRITICAL', 'CRIT', 'ALERT',
                'EMERG', 'EMERGENCY', 'PANIC'
            ],
            ['TRACE', 'INFO', 'INFO', 'INFO', 'WARN', 'ERROR', 'ERROR', 'FATAL', 'FATAL', 'FATAL', 'FATAL', 'FATAL', 'FATAL']
        )
    ) AS severity_of_log,
    {{before_kept}}CAST(
        if(
            is_log,
            mapUpdate(
                mapUpdate(
                    resource,
                    mapFilter(
                        (name, value) -> value != '',
                        map('otel.scope.name', toString(scope_name), 'event.name', toString(event_name))
                    )
                ),
                attributes
            ),
            map()
        ),
        'Map(String, String)'
    ){{after_kept}} AS log_attributes,
    attributes['upstream_host'] AS upstream_host,
    attributes['upstream_cluster'] AS upstream_cluster,
    attributes['route_name'] AS route_name,
    attributes['requested_server_name'] AS requested_server_name,
    attributes['grpc_status'] AS grpc_status,
    attributes['consumer'] AS consumer,
    attributes['api'] AS named_api,
    attributes['api_version'] AS named_api_version,
    attributes['route'] AS named_route
FROM ({{inner}})
