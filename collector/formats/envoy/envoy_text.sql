-- Envoy's default text access log and Istio's two, told apart by how many quoted fields they have:
--   Envoy          [time] "request" code flags rx tx duration upstream "xff" "agent" "id" "authority" "host"
--   Istio 1.9+     [time] "request" code flags details termination "failure" rx tx duration upstream "xff" … "host" cluster …
--   Istio <= 1.8   [time] "request" code flags "mixer" "failure" rx tx duration upstream "xff" … "host" cluster …
-- https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
-- https://github.com/istio/istio/blob/master/pilot/pkg/model/telemetry_logging.go
WITH
    {{microseconds_of_milliseconds()}} AS microseconds,
    splitByChar('"', line) AS quoted,
    indexOf([13, 15, 17], length(quoted)) AS layout,
    -- Istio's quoted extras come before everything that follows the flags.
    (layout - 1) * 2 AS shift,
    splitByChar(' ', quoted[2]) AS request,
    splitByWhitespace(quoted[3]) AS head,
    if(layout = 1, arraySlice(head, 3), splitByWhitespace(quoted[3 + shift])) AS counts,
    splitByWhitespace(quoted[13 + shift]) AS tail
SELECT
    received_at,
    payload_environment AS environment,
    payload_gateway AS named_gateway,
    '' AS node_id,
    '' AS node_cluster,
    peer,
    'envoy' AS default_kind,
    record,
    multiIf(
        other != '', '',
        -- Istio's lines end without a quote: what is cut off there is told by how many words are left.
        layout = 0 OR length(request) < 3 OR length(counts) != 4 OR length(tail) < [0, 6, 5][layout], 'not an Envoy or Istio access log line',
        started IS NULL, 'the time is not a time',
        code IS NULL, 'the response code is not a number',
        took_us IS NULL AND counts[3] != '-', 'the duration is not a number',
        received_bytes IS NULL AND counts[1] != '-' OR sent_bytes IS NULL AND counts[2] != '-',
            'the number of bytes is not a number',
        ''
    ) AS problem,
    other != '' OR request[1] = '-' AND ifNull(code, 0) = 0 AS is_log,
    -- One of a day that is not told is none: it would be the first of the year.
    if(substring(quoted[1], 4, 1) = ':', '', trim(BOTH '[] ' FROM quoted[1])) AS start_time,
    ifNull(other_time, parseDateTime64BestEffortOrNull(start_time, 6, 'UTC')) AS started,
    toUInt16OrNull(head[1]) AS code,
    microseconds(counts[3]) AS took_us,
    microseconds(counts[4]) AS upstream_took_us,
    request[1] AS method,
    arrayStringConcat(arraySlice(request, 2, length(request) - 2), ' ') AS url,
    request[-1] AS protocol,
    quoted[10 + shift] AS authority,
    head[2] AS flags,
    if(layout = 2, head[3], '') AS details,
    if(layout = 2, head[4], '') AS termination_details,
    if(layout = 1, '', quoted[2 + shift]) AS failure_reason,
    toUInt64OrNull(counts[1]) AS received_bytes,
    toUInt64OrNull(counts[2]) AS sent_bytes,
    ifNull(received_bytes, 0) AS request_bytes,
    ifNull(sent_bytes, 0) AS response_bytes,
    quoted[4 + shift] AS forwarded_for,
    tail[4] AS downstream_address,
    quoted[6 + shift] AS user_agent,
    quoted[8 + shift] AS request_id,
    '' AS trace_id,
    '' AS span_id,
    if(other = '', 'INFO', other_severity) AS severity_of_log,
    CAST(map(), 'Map(String, String)') AS log_attributes,
    quoted[12 + shift] AS upstream_host,
    tail[1] AS upstream_cluster,
    tail[6] AS route_name,
    tail[5] AS requested_server_name,
    '' AS grpc_status,
    '' AS consumer,
    '' AS named_api,
    '' AS named_api_version,
    '' AS named_route
FROM ({{inner}})
