-- Envoy's default text access log and Istio's, distinguished by how many words follow the request:
--   Envoy          [time] "request" code flags rx tx duration upstream "xff" "agent" "id" "authority" "host"
--   Istio 1.9+     [time] "request" code flags details termination "failure" rx tx duration upstream "xff" … "host" cluster …
--   Istio <= 1.8   [time] "request" code flags "mixer" "failure" rx tx duration upstream "xff" … "host" cluster …
--   Istio <= 1.3   the same without "failure"
--   Istio 1.0      as Envoy's, with the cluster and more behind it
-- What else stands behind the address of the upstream is passed over.
-- https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
-- https://github.com/istio/istio/blob/master/pilot/pkg/model/telemetry_logging.go
WITH
    {{microseconds_of_milliseconds()}} AS microseconds,
    splitByChar('"', text) AS quoted,
    splitByWhitespace(quoted[3]) AS head,
    indexOf([6, 4, 2], length(head)) AS layout,
    -- Istio's quoted extras come before everything that follows the flags.
    (layout - 1 - has_one_more) * 2 AS shift,
    splitByChar(' ', quoted[2]) AS request,
    if(layout = 1, arraySlice(head, 3), splitByWhitespace(quoted[3 + shift])) AS counts,
    -- Behind Envoy's own there may be anything, but for Istio's clusters, which are known by their looks.
    if(
        layout = 1 AND NOT match(quoted[13], '^ (?:[^| ]*\\|[^| ]*\\|[^| ]*\\||\\w*(?:Passthrough|BlackHole)\\w* )'),
        [],
        splitByWhitespace(quoted[13 + shift])
    ) AS tail
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
        -- Istio's lines end without a quote: the number of words left shows what is cut off.
        layout = 0 OR length(request) < 3 OR length(counts) != 4 OR length(quoted) < 13 + shift OR length(tail) < [0, 6, 5][layout], 'not an Envoy or Istio access log line',
        started IS NULL, 'the time is not a time',
        code IS NULL, 'the response code is not a number',
        took_us IS NULL AND counts[3] != '-', 'the duration is not a number',
        received_bytes IS NULL AND counts[1] != '-' OR sent_bytes IS NULL AND counts[2] != '-',
            'the number of bytes is not a number',
        ''
    ) AS problem,
    other != '' OR request[1] = '-' AND ifNull(code, 0) = 0 AS is_log,
    -- One without a day is invalid: it would be the first of the year.
    if(substring(quoted[1], 4, 1) = ':', '', trim(BOTH '[] ' FROM quoted[1])) AS start_time,
    ifNull(other_time, parseDateTime64BestEffortOrNull(start_time, 6, 'UTC')) AS started,
    toUInt16OrNull(head[1]) AS code,
    microseconds(counts[3]) AS took_us,
    microseconds(counts[4]) AS upstream_took_us,
    request[1] AS method,
    replaceAll(arrayStringConcat(arraySlice(request, 2, length(request) - 2), ' '), '\x1A', '"') AS url,
    request[-1] AS protocol,
    quoted[10 + shift] AS authority,
    head[2] AS flags,
    if(layout = 2, head[3], '') AS details,
    if(layout = 2, head[4], '') AS termination_details,
    if(layout = 1 OR has_one_more, '', replaceAll(quoted[2 + shift], '\x1A', '"')) AS failure_reason,
    toUInt64OrNull(counts[1]) AS received_bytes,
    toUInt64OrNull(counts[2]) AS sent_bytes,
    ifNull(received_bytes, 0) AS request_bytes,
    ifNull(sent_bytes, 0) AS response_bytes,
    quoted[4 + shift] AS forwarded_for,
    tail[4] AS downstream_address,
    replaceAll(quoted[6 + shift], '\x1A', '"') AS user_agent,
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
FROM
(
    SELECT
        * EXCEPT (beginning, words, is_odd, groups, escaped),
        multiIf(
            NOT is_odd OR empty(groups), line,
            concat(
                groups[1], '"', escaped[2], '" ', groups[3],
                if(groups[4] = '' AND groups[5] = '' AND length(splitByWhitespace(groups[3])) != 4, '', concat(groups[4], '"', escaped[5], '" ')),
                groups[6], ' "', escaped[7], '" "', escaped[8], '" "', arrayStringConcat(arraySlice(groups, 9, 3), '" "'), '"', groups[12]
            )
        ) AS text
    FROM
    (
        SELECT
            *,
            -- Neither a path nor what stands behind the agent has spaces or quotes in it: so a client may write what it likes.
            extractGroups(
                is_odd ? line : '',
                '(?s)^([^"]*)"((?:[^ ]+ [^ ]+|.*?) (?:HTTP/[^ "]+|-))" (\\d+ [^ "]+(?: [^ "]+ [^ "]+)? )(?:("[^"]*" )?"(.*?)" )?((?:\\d+|-) (?:\\d+|-) (?:\\d+|-) (?:\\d+|-)) "(.*?)" "(.*)" "([^"]*)" "([^"]*)" "([^"]*)"([^"]*)$'
            ) AS groups,
            arrayMap(part -> replaceAll(part, '"', '\x1A'), groups) AS escaped
        FROM
        (
            SELECT
                *,
                splitByChar('"', line, 5) AS beginning,
                indexOf([6, 4, 2], length(splitByWhitespace(beginning[3]))) AS words,
                words = 3 AND match(beginning[5], '^(?: (?:[0-9]+|-)){4} $') AS has_one_more,
                -- Envoy writes what clients send as it is, so that there may be more quotes than its own; or more fields follow.
                countSubstrings(line, '"') != 10 + 2 * words - 2 * has_one_more AND NOT match(
                    line,
                    '^[^"]*"[^"]*" \\d+ [^ "]+(?: [^ "]+ [^ "]+)?(?: "[^"]*"){0,2}(?: (?:\\d+|-)){4}(?: "[^"]*"){5}(?: |$)'
                ) AS is_odd
            FROM ({{inner}})
        )
    )
)
