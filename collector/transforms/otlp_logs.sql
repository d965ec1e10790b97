-- OpenTelemetry log records. Those with the attributes of an access log, under Istio's names, become requests; all others
-- are runtime logs.
-- https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto
WITH
    value -> multiIf(
        value.string_value != '', value.string_value,
        value.int_value != 0, toString(value.int_value),
        value.double_value != 0, toString(value.double_value),
        value.bool_value, 'true',
        ''
    ) AS text
SELECT
    received_at,
    multiIf(
        resource['deployment.environment.name'] != '', resource['deployment.environment.name'],
        resource['deployment.environment'] != '', resource['deployment.environment'],
        payload_environment
    ) AS environment,
    payload_gateway AS named_gateway,
    if(resource['node_name'] != '', resource['node_name'], resource['service.instance.id']) AS node_id,
    if(resource['cluster_name'] != '', resource['cluster_name'], resource['service.name']) AS node_cluster,
    peer,
    'envoy' AS default_kind,
    multiIf(NOT is_access_log, text(entry.body), problem != '', toJSONString(log), '') AS record,
    multiIf(
        NOT is_access_log, '',
        code IS NULL AND log['response_code'] != '-', 'response_code is not a number',
        took_us IS NULL AND log['duration'] NOT IN ('', '-'), 'duration is not a number',
        ''
    ) AS problem,
    NOT is_access_log AS is_log,
    if(entry.time_unix_nano > 0, entry.time_unix_nano, entry.observed_time_unix_nano) AS nanoseconds,
    if(nanoseconds = 0, NULL, fromUnixTimestamp64Micro(toInt64(intDiv(nanoseconds, 1000)), 'UTC')) AS started,
    toUInt16OrNull(log['response_code']) AS code,
    ifNull(toUInt64OrNull(log['duration_us']), toUInt64OrNull(log['duration']) * 1000) AS took_us,
    if(
        log['upstream_us'] != '',
        toUInt64OrNull(log['upstream_us']),
        toUInt64OrNull(log['upstream_service_time']) * 1000
    ) AS upstream_took_us,
    log['method'] AS method,
    log['path'] AS url,
    log['protocol'] AS protocol,
    log['authority'] AS authority,
    log['response_flags'] AS flags,
    log['response_code_details'] AS details,
    log['connection_termination_details'] AS termination_details,
    log['upstream_transport_failure_reason'] AS failure_reason,
    toUInt64OrZero(log['bytes_received']) AS request_bytes,
    toUInt64OrZero(log['bytes_sent']) AS response_bytes,
    log['x_forwarded_for'] AS forwarded_for,
    log['downstream_remote_address'] AS downstream_address,
    log['user_agent'] AS user_agent,
    log['request_id'] AS request_id,
    if(entry.trace_id != '', lower(hex(entry.trace_id)), log['trace_id']) AS trace_id,
    lower(hex(entry.span_id)) AS span_id,
    -- https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
    multiIf(
        entry.severity_number > 0,
            ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'][intDiv(entry.severity_number - 1, 4) + 1],
        upper(entry.severity_text) = 'WARNING', 'WARN',
        upper(toString(entry.severity_text))
    ) AS severity_of_log,
    CAST(log, 'Map(String, String)') AS log_attributes,
    log['upstream_host'] AS upstream_host,
    log['upstream_cluster'] AS upstream_cluster,
    log['route_name'] AS route_name,
    log['requested_server_name'] AS requested_server_name,
    toUInt8OrNull(log['grpc_status']) AS grpc_status,
    log['consumer'] AS consumer,
    log['api'] AS named_api,
    log['api_version'] AS named_api_version,
    log['route'] AS named_route
FROM
(
    SELECT
        received_at,
        payload_environment,
        payload_gateway,
        peer,
        mapFromArrays(resource_logs.resource.attributes.key, arrayMap(text, resource_logs.resource.attributes.value)) AS resource,
        arrayJoin(arrayFlatten(resource_logs.scope_logs.log_records)) AS entry,
        mapFromArrays(entry.attributes.key, arrayMap(text, entry.attributes.value)) AS log,
        log['response_code'] != '' AS is_access_log
    FROM
    (
        SELECT received_at, payload_environment, payload_gateway, peer, arrayJoin(body.resource_logs) AS resource_logs
        FROM ({{inner}})
    )
)
