-- Envoy's and Istio's JSON access log, one object a line, under Istio's 24 names and a few of ours that a log format may
-- add: consumer, api, api_version, route, gateway, instance, environment, trace_id, grpc_status, duration_us, upstream_us.
-- Every value is read as text, because numbers arrive as numbers and as strings, and nothing as null, '-' and ''.
-- https://github.com/istio/istio/blob/master/pilot/pkg/model/telemetry_logging.go
WITH
    -- More than 30,000 years are no duration, and would begin anew at 0 as microseconds.
    told -> if(toUInt64OrNull(told) < 1000000000000000, toUInt64OrNull(told) * 1000, NULL) AS microseconds
SELECT
    received_at,
    multiIf(log.environment != '', log.environment, payload_environment) AS environment,
    multiIf(log.gateway != '', log.gateway, payload_gateway) AS named_gateway,
    log.instance AS node_id,
    '' AS node_cluster,
    peer,
    'envoy' AS default_kind,
    concat(line, other) AS record,
    multiIf(
        other != '', '',
        log.start_time = '' AND log.response_code = '', 'not a JSON access log record',
        started IS NULL AND log.start_time != '', 'start_time is not a time',
        code IS NULL AND log.response_code NOT IN ('', '-'), 'response_code is not a number',
        took_us IS NULL AND log.duration NOT IN ('', '-'), 'duration is not a number',
        received_bytes IS NULL AND log.bytes_received NOT IN ('', '-'), 'bytes_received is not a number',
        sent_bytes IS NULL AND log.bytes_sent NOT IN ('', '-'), 'bytes_sent is not a number',
        ''
    ) AS problem,
    other != '' OR log.method IN ('', '-') AND log.path IN ('', '-') AND ifNull(code, 0) = 0 AS is_log,
    ifNull(other_time, parseDateTime64BestEffortOrNull(log.start_time, 6, 'UTC')) AS started,
    toUInt16OrNull(log.response_code) AS code,
    ifNull(toUInt64OrNull(log.duration_us), microseconds(log.duration)) AS took_us,
    if(
        log.upstream_us != '',
        toUInt64OrNull(log.upstream_us),
        microseconds(log.upstream_service_time)
    ) AS upstream_took_us,
    log.method AS method,
    log.path AS url,
    log.protocol AS protocol,
    log.authority AS authority,
    log.response_flags AS flags,
    log.response_code_details AS details,
    log.connection_termination_details AS termination_details,
    log.upstream_transport_failure_reason AS failure_reason,
    toUInt64OrNull(log.bytes_received) AS received_bytes,
    toUInt64OrNull(log.bytes_sent) AS sent_bytes,
    ifNull(received_bytes, 0) AS request_bytes,
    ifNull(sent_bytes, 0) AS response_bytes,
    log.x_forwarded_for AS forwarded_for,
    log.downstream_remote_address AS downstream_address,
    log.user_agent AS user_agent,
    log.request_id AS request_id,
    log.trace_id AS trace_id,
    '' AS span_id,
    if(other = '', 'INFO', other_severity) AS severity_of_log,
    CAST(map(), 'Map(String, String)') AS log_attributes,
    log.upstream_host AS upstream_host,
    log.upstream_cluster AS upstream_cluster,
    log.route_name AS route_name,
    log.requested_server_name AS requested_server_name,
    toUInt8OrNull(log.grpc_status) AS grpc_status,
    log.consumer AS consumer,
    log.api AS named_api,
    log.api_version AS named_api_version,
    log.route AS named_route
FROM
(
    SELECT
        received_at,
        payload_environment,
        payload_gateway,
        peer,
        line,
        other,
        other_time,
        other_severity,
        JSONExtract(line, 'Tuple(
            start_time String, route_name String, method String, path String, protocol String, response_code String,
            response_flags String, response_code_details String, connection_termination_details String,
            bytes_received String, bytes_sent String, duration String, upstream_service_time String,
            x_forwarded_for String, user_agent String, request_id String, authority String, upstream_host String,
            upstream_cluster String, downstream_remote_address String, requested_server_name String,
            upstream_transport_failure_reason String, consumer String, api String, api_version String, route String,
            gateway String, instance String, environment String, trace_id String, grpc_status String,
            duration_us String, upstream_us String)') AS log
    FROM ({{inner}})
)
