-- Envoy's and Istio's JSON access log, one object a line, under Istio's 24 names and a few of ours that a log format may
-- add: consumer, api, api_version, route, gateway, instance, environment, trace_id, grpc_status, duration_us, upstream_us.
-- Every value is read as text, because numbers arrive as numbers and as strings, and nothing as null, '-' and ''.
-- https://github.com/istio/istio/blob/master/pilot/pkg/model/telemetry_logging.go
WITH
    {{microseconds_of_milliseconds()}} AS microseconds
SELECT
    received_at,
    multiIf(tupleElement(log, 'environment') != '', tupleElement(log, 'environment'), payload_environment) AS environment,
    multiIf(
        tupleElement(log, 'gateway') != '', tupleElement(log, 'gateway'),
        -- The node names it itself.
        tupleElement(log, 'instance') LIKE '%~%~%~%', '',
        payload_gateway
    ) AS named_gateway,
    tupleElement(log, 'instance') AS node_id,
    '' AS node_cluster,
    peer,
    'envoy' AS default_kind,
    record,
    multiIf(
        other != '', '',
        if(tupleElement(log, 'start_time') = '', tupleElement(log, 'response_code') = '', 0), 'not a JSON access log record',
        if(started IS NULL, tupleElement(log, 'start_time') != '', 0), 'start_time is not a time',
        if(code IS NULL, tupleElement(log, 'response_code') NOT IN ('', '-'), 0), 'response_code is not a number',
        if(took_us IS NULL, tupleElement(log, 'duration') NOT IN ('', '-'), 0), 'duration is not a number',
        if(received_bytes IS NULL, tupleElement(log, 'bytes_received') NOT IN ('', '-'), 0), 'bytes_received is not a number',
        if(sent_bytes IS NULL, tupleElement(log, 'bytes_sent') NOT IN ('', '-'), 0), 'bytes_sent is not a number',
        ''
    ) AS problem,
    multiIf(
        other != '', 1,
        tupleElement(log, 'method') NOT IN ('', '-'), 0,
        tupleElement(log, 'path') NOT IN ('', '-'), 0,
        ifNull(code, 0) = 0
    ) AS is_log,
    -- One without a day is invalid: it would be the first of the year.
    if(substring(tupleElement(log, 'start_time'), 3, 1) = ':', '', tupleElement(log, 'start_time')) AS start_time,
    ifNull(other_time, parseDateTime64BestEffortOrNull(start_time, 6, 'UTC')) AS started,
    toUInt16OrNull(tupleElement(log, 'response_code')) AS code,
    ifNull(toUInt64OrNull(tupleElement(log, 'duration_us')), microseconds(tupleElement(log, 'duration'))) AS took_us,
    if(
        tupleElement(log, 'upstream_us') != '',
        toUInt64OrNull(tupleElement(log, 'upstream_us')),
        microseconds(tupleElement(log, 'upstream_service_time'))
    ) AS upstream_took_us,
    tupleElement(log, 'method') AS method,
    tupleElement(log, 'path') AS url,
    tupleElement(log, 'protocol') AS protocol,
    tupleElement(log, 'authority') AS authority,
    tupleElement(log, 'response_flags') AS flags,
    tupleElement(log, 'response_code_details') AS details,
    tupleElement(log, 'connection_termination_details') AS termination_details,
    tupleElement(log, 'upstream_transport_failure_reason') AS failure_reason,
    toUInt64OrNull(tupleElement(log, 'bytes_received')) AS received_bytes,
    toUInt64OrNull(tupleElement(log, 'bytes_sent')) AS sent_bytes,
    ifNull(received_bytes, 0) AS request_bytes,
    ifNull(sent_bytes, 0) AS response_bytes,
    tupleElement(log, 'x_forwarded_for') AS forwarded_for,
    tupleElement(log, 'downstream_remote_address') AS downstream_address,
    tupleElement(log, 'user_agent') AS user_agent,
    if(tupleElement(log, 'request_id') NOT IN ('', '-'), tupleElement(log, 'request_id'), headers['x-request-id']) AS request_id,
    if(
        tupleElement(log, 'trace_id') NOT IN ('', '-'),
        tupleElement(log, 'trace_id'),
        {{trace_of_headers(headers['traceparent']; headers['b3']; headers['x-b3-traceid']; 1)}}
    ) AS trace_id,
    if(
        tupleElement(log, 'trace_id') NOT IN ('', '-'),
        '',
        {{trace_of_headers(headers['traceparent']; headers['b3']; headers['x-b3-spanid']; 2)}}
    ) AS span_id,
    if(other = '', 'INFO', other_severity) AS severity_of_log,
    {{before_kept}}CAST(map(), 'Map(String, String)'){{after_kept}} AS log_attributes,
    tupleElement(log, 'upstream_host') AS upstream_host,
    tupleElement(log, 'upstream_cluster') AS upstream_cluster,
    tupleElement(log, 'route_name') AS route_name,
    tupleElement(log, 'requested_server_name') AS requested_server_name,
    tupleElement(log, 'grpc_status') AS grpc_status,
    tupleElement(log, 'consumer') AS consumer,
    tupleElement(log, 'api') AS named_api,
    tupleElement(log, 'api_version') AS named_api_version,
    tupleElement(log, 'route') AS named_route
FROM
(
    SELECT
        received_at,
        payload_environment,
        payload_gateway,
        peer,
        record,
        other,
        other_time,
        other_severity,
        -- Of headers that carry a trace on, as they are named where a log format has them: few have.
        mapFromArrays(
            ['traceparent', 'b3', 'x-b3-traceid', 'x-b3-spanid', 'x-request-id'],
            multiSearchAny(line, ['"traceparent"', '"b3"', '"x-b3-traceid"', '"x-request-id"'])
                ? arrayMap(name -> JSONExtractString(line, name), ['traceparent', 'b3', 'x-b3-traceid', 'x-b3-spanid', 'x-request-id'])
                : ['', '', '', '', '']
        ) AS headers,
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
