-- Envoy's access log service. A duration of zero means that the moment never came.
-- https://github.com/envoyproxy/envoy/blob/main/api/envoy/data/accesslog/v3/accesslog.proto
WITH
    entry.common_properties AS common,
    -- 30,000 years either way at most: more would begin anew.
    duration -> greatest(least(duration.seconds, 1000000000000), -1000000000000) * 1000000 + intDiv(duration.nanos, 1000) AS microseconds,
    ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] AS methods,
    -- Tag and value of each boolean of ResponseFlags; field 13, UAEX, is a message and is cut out first.
    [
        '\x08\x01', '\x10\x01', '\x18\x01', '\x20\x01', '\x28\x01', '\x30\x01', '\x38\x01', '\x40\x01', '\x48\x01',
        '\x50\x01', '\x58\x01', '\x60\x01', '\x70\x01', '\x78\x01', '\x80\x01\x01', '\x88\x01\x01', '\x90\x01\x01',
        '\x98\x01\x01', '\xa0\x01\x01', '\xa8\x01\x01', '\xb0\x01\x01', '\xb8\x01\x01', '\xc0\x01\x01', '\xc8\x01\x01',
        '\xd0\x01\x01', '\xd8\x01\x01', '\xe0\x01\x01'
    ] AS flag_bytes,
    [
        'LH', 'UH', 'UT', 'LR', 'UR', 'UF', 'UC', 'UO', 'NR', 'DI', 'FI', 'RL', 'RLSE', 'DC', 'URX', 'SI', 'IH', 'DPE',
        'UMSDR', 'RFCF', 'NFCF', 'DT', 'UPE', 'NC', 'OM', 'DF', 'DR'
    ] AS flag_codes,
    position(common.response_flags, '\x6a') AS unauthorized_at,
    if(
        unauthorized_at > 0,
        concat(substring(common.response_flags, 1, unauthorized_at - 1), substring(common.response_flags, unauthorized_at + 2 + reinterpretAsUInt8(substring(common.response_flags, unauthorized_at + 1, 1)))),
        common.response_flags
    ) AS boolean_flags
SELECT
    received_at,
    if(node.metadata.fields['environment'].string_value != '', node.metadata.fields['environment'].string_value, payload_environment) AS environment,
    multiIf(
        node.metadata.fields['gateway'].string_value != '', node.metadata.fields['gateway'].string_value,
        node.id LIKE '%~%~%~%', {{gateway_of_node(node.id)}},
        node.cluster != '', node.cluster,
        payload_gateway
    ) AS named_gateway,
    node.id AS node_id,
    '' AS node_cluster,
    peer,
    'envoy' AS default_kind,
    multiIf(
        common.start_time.seconds = 0, 'no start_time',
        entry.response.response_code.value > 65535, 'response_code is not a status',
        took NOT BETWEEN 0 AND 999999999999999999, 'the duration cannot be',
        ''
    ) AS problem,
    if(problem = '' AND NOT is_log, '', toJSONString(entry)) AS record,
    entry.request.request_method = 0 AND entry.request.path = '' AND entry.response.response_code.value = 0 AS is_log,
    fromUnixTimestamp64Micro(microseconds(common.start_time), 'UTC') AS started,
    toUInt16(entry.response.response_code.value) AS code,
    if(microseconds(common.duration) != 0, microseconds(common.duration), microseconds(common.time_to_last_downstream_tx_byte)) AS took,
    if(took > 0, toUInt64(took), NULL) AS took_us,
    if(
        microseconds(common.time_to_last_upstream_rx_byte) BETWEEN 1 AND 999999999999999999
            AND microseconds(common.time_to_first_upstream_tx_byte) >= 0,
        toUInt64(greatest(microseconds(common.time_to_last_upstream_rx_byte) - microseconds(common.time_to_first_upstream_tx_byte), 0)),
        NULL
    ) AS upstream_took_us,
    methods[entry.request.request_method] AS method,
    if(entry.request.original_path != '', entry.request.original_path, entry.request.path) AS url,
    ['HTTP/1.0', 'HTTP/1.1', 'HTTP/2', 'HTTP/3'][entry.protocol_version] AS protocol,
    entry.request.authority AS authority,
    if(
        common.response_flags = '',
        '',
        arrayStringConcat(
            arrayConcat(
                arrayFilter((code, bytes) -> position(boolean_flags, bytes) > 0, flag_codes, flag_bytes),
                if(unauthorized_at > 0, ['UAEX'], [])
            ),
            ','
        )
    ) AS flags,
    entry.response.response_code_details AS details,
    common.connection_termination_details AS termination_details,
    common.upstream_transport_failure_reason AS failure_reason,
    entry.request.request_body_bytes AS request_bytes,
    entry.response.response_body_bytes AS response_bytes,
    entry.request.forwarded_for AS forwarded_for,
    common.downstream_remote_address.socket_address.address AS downstream_address,
    entry.request.user_agent AS user_agent,
    entry.request.request_id AS request_id,
    if(
        common.custom_tags['trace_id'] NOT IN ('', '-'),
        common.custom_tags['trace_id'],
        {{trace_of_headers(common.custom_tags['traceparent']; common.custom_tags['b3']; common.custom_tags['x-b3-traceid']; 1)}}
    ) AS trace_id,
    if(
        common.custom_tags['trace_id'] NOT IN ('', '-'),
        '',
        {{trace_of_headers(common.custom_tags['traceparent']; common.custom_tags['b3']; common.custom_tags['x-b3-spanid']; 2)}}
    ) AS span_id,
    'INFO' AS severity_of_log,
    {{before_kept}}CAST(map(), 'Map(String, String)'){{after_kept}} AS log_attributes,
    if(
        common.upstream_remote_address.socket_address.address = '',
        '',
        concat(
            if(
                position(common.upstream_remote_address.socket_address.address, ':') > 0,
                concat('[', common.upstream_remote_address.socket_address.address, ']'),
                common.upstream_remote_address.socket_address.address
            ),
            ':',
            toString(common.upstream_remote_address.socket_address.port_value)
        )
    ) AS upstream_host,
    common.upstream_cluster AS upstream_cluster,
    common.route_name AS route_name,
    '' AS requested_server_name,
    common.custom_tags['grpc_status'] AS grpc_status,
    common.custom_tags['consumer'] AS consumer,
    common.custom_tags['api'] AS named_api,
    common.custom_tags['api_version'] AS named_api_version,
    common.custom_tags['route'] AS named_route
FROM
(
    SELECT
        received_at,
        payload_environment,
        payload_gateway,
        peer,
        body.identifier.node AS node,
        arrayJoin(arrayConcat(body.http_logs.log_entry, body.tcp_logs.log_entry)) AS entry
    FROM ({{inner}})
)
WHERE NOT common.intermediate_log_entry
