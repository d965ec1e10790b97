-- HAProxy's HTTP log, with or without the prefix of syslog:
--   client [accepted] frontend backend/server TR/Tw/Tc/Tr/Ta status bytes cookie cookie state connections queues
--   {captured} {captured} "request" name="value" …
-- The pairs at the end are what deploy/gateways/haproxy adds; `option httpslog` has other words there, and some have words of
-- their own before the timers. What HAProxy logs of itself, of TCP connections (option tcplog) and of those that became no
-- session (client [accepted] frontend/bind: SSL handshake failure) goes to logs.
-- https://docs.haproxy.org/3.0/configuration.html#8.2.3
SELECT
    received_at,
    payload_environment AS environment,
    payload_gateway AS named_gateway,
    syslog_host AS node_id,
    frontend AS node_cluster,
    peer,
    'proxy' AS default_kind,
    line AS record,
    multiIf(
        is_log, '',
        length(words) < 11 OR length(timers) != 5 OR NOT is_whole, 'not a line of the HAProxy HTTP log',
        accepted IS NULL, 'the time is not a time',
        answer IS NULL, 'the status is not a number',
        took_ms IS NULL OR sent IS NULL, 'the time taken or the number of bytes is not a number',
        ''
    ) AS problem,
    is_log,
    addMilliseconds(
        CAST(accepted, 'Nullable(DateTime64(3, \'UTC\'))'), toUInt16OrZero(substring(words[1], 22, 3))
    ) AS started,
    toUInt16(greatest(answer, 0)) AS code,
    took_ms * 1000 AS took_us,
    if(connected_ms >= 0 AND answered_ms >= 0, toUInt64(connected_ms + answered_ms) * 1000, NULL) AS upstream_took_us,
    if(is_http, asked[1], '') AS method,
    -- HTTP/2 has the whole address. A server name (CONNECT) and * (OPTIONS) are no paths.
    extract(target, '(?s)^(?:https?://[^/?#]*)?(/.*)') AS url,
    if(has_protocol, asked[-1], '') AS protocol,
    if(startsWith(target, 'http'), extract(target, '^https?://([^/?]*)'), pairs['host']) AS authority,
    -- L: answered by the proxy itself, as configured.
    if(match(words[9], '^(?:--|L)'), '', substring(words[9], 1, 2)) AS flags,
    '' AS details,
    '' AS termination_details,
    '' AS failure_reason,
    toUInt64OrZero(pairs['bytes_received']) AS request_bytes,
    ifNull(sent, 0) AS response_bytes,
    pairs['x_forwarded_for'] AS forwarded_for,
    -- HAProxy always writes the port, and puts no brackets around IPv6.
    replaceRegexpAll(prefix[-1], '^(?:<[0-9]+>)?unix:[0-9]+$|^<[0-9]+>|:[0-9]+$', '') AS downstream_address,
    pairs['user_agent'] AS user_agent,
    pairs['request_id'] AS request_id,
    pairs['trace_id'] AS trace_id,
    '' AS span_id,
    multiIf(
        position(line, ' no server available') > 0, 'ERROR',
        position(line, ' is DOWN') > 0, 'WARN',
        own_level != '', transform(own_level, ['ALERT', 'WARNING', 'DIAG'], ['ERROR', 'WARN', 'DEBUG'], 'INFO'),
        'INFO'
    ) AS severity_of_log,
    CAST(map(), 'Map(String, String)') AS log_attributes,
    if(startsWith(server, '<'), '', server) AS upstream_host,
    upstream AS upstream_cluster,
    '' AS route_name,
    '' AS requested_server_name,
    '' AS grpc_status,
    pairs['consumer'] AS consumer,
    pairs['api'] AS named_api,
    multiIf(
        pairs['api_version'] != '', pairs['api_version'],
        match(upstream, '[-_.]v[0-9]+$') OR upstream = '' AND answer = 404, '',
        {{version_in_path(cutQueryStringAndFragment(url))}}
    ) AS named_api_version,
    pairs['route'] AS named_route
FROM
(
    SELECT
        *,
        server_parts[2] AS server,
        -- Where no backend was chosen, the frontend stands for it.
        if(server_parts[2] = '<NOSRV>' AND trimRight(server_parts[1], '~') = frontend, '', server_parts[1]) AS upstream,
        toInt32OrNull(timers[3]) AS connected_ms,
        toInt32OrNull(timers[4]) AS answered_ms,
        toUInt32OrNull(trimLeft(timers[5], '+')) AS took_ms,
        multiIf(
            has_protocol, arrayStringConcat(arraySlice(asked, 2, length(asked) - 2), ' '),
            is_http, asked[2],
            ''
        ) AS target
    FROM
    (
        SELECT
            *,
            multiIf(
                startsWith(prefix[1], '<') AND endsWith(prefix[1], '>1'), prefix[3],
                length(prefix) < 3 OR match(prefix[-3], '[0-9]:[0-9]'), '',
                prefix[-3]
            ) AS syslog_host,
            accepted IS NOT NULL AND match(words[2], '^[^/]+/[^/]*:$') AS is_refused,
            is_refused ? substringIndex(words[2], '/', 1) : trimRight(words[2], '~') AS frontend,
            is_refused ? ['', ''] : splitByChar('/', words[3]) AS server_parts,
            splitByChar('/', words[4]) AS timers,
            toInt16OrNull(words[5]) AS answer,
            toUInt64OrNull(trimLeft(words[6], '+')) AS sent,
            length(asked) >= 3 AND startsWith(asked[-1], 'HTTP/') AS has_protocol,
            -- Of a longer request than HAProxy keeps (tune.http.logurilen), the end is cut off.
            has_protocol OR match(asked[2], '^(?:/|https?://)') AS is_http,
            if(
                zone = '',
                parseDateTimeOrNull(date, '%d/%b/%Y:%H:%i:%s', {{time_zone}}),
                parseDateTimeOrNull(concat(date, ' ', zone), '%d/%b/%Y:%H:%i:%s %z', {{time_zone}})
            ) AS accepted,
            -- Three timers are those of a TCP connection; HAProxy's lines about itself have a name in front and no times.
            length(timers) = 3 AND length(words) >= 8 AND accepted IS NOT NULL
                OR is_refused
                OR own_level != ''
                OR opened = 0 AND match(line, '(?:^|: )(?:[A-Z][a-z]+|backend|frontend|listener) \\S+ ') AS is_log
        FROM
        (
            SELECT
                *,
                splitByWhitespace(substring(quoted[1], 1, opened)) AS prefix,
                substring(quoted[1], opened + 2) AS rest,
                if(
                    opened = 0,
                    [],
                    splitByChar(
                        ' ',
                        match(rest, '^[^ ]+ [^ ]+ [^ ]+ [-+0-9]+/')
                            ? rest
                            : replaceRegexpOne(rest, '^([^ ]+ [^ ]+ [^ ]+/[^ ]+) .*? ([-+0-9]+(?:/[-+0-9]+){2,4} )', '\\1 \\2')
                    )
                ) AS words,
                extract(line, '(?:^|: )\\[(ALERT|WARNING|NOTICE|DIAG)\\] ') AS own_level,
                toLowCardinality(substring(quoted[1], opened + 2, 20)) AS date,
                -- Only the prefix may tell it.
                replaceOne(
                    replaceOne(extract(substring(quoted[1], 1, opened), 'T[0-9:.]+(Z|[+-][0-9:]+) '), 'Z', '+0000'),
                    ':',
                    ''
                ) AS zone,
                splitByChar(' ', quoted[2]) AS asked,
                if(
                    position(quoted[3], '=') > 0,
                    mapApply(
                        (name, value) -> (name, toValidUTF8(value)),
                        extractKeyValuePairsWithEscaping(arrayStringConcat(arraySlice(quoted, 3), '"'), '=', ' ', '"')
                    ),
                    CAST(map(), 'Map(String, String)')
                ) AS pairs
            FROM
            (
                SELECT
                    *,
                    length(quoted) >= 3 AND length(quoted) % 2 = 1 AS is_whole,
                    position(quoted[1], ' [') AS opened
                FROM
                (
                    SELECT
                        *,
                        -- The flag +E of log-format escapes quotes, backslashes and closing brackets.
                        splitByChar(
                            '"',
                            replaceAll(replaceAll(replaceAll(trimRight(toValidUTF8(line), '\r'), '\\\\', '\\x5C'), '\\"', '\\x22'), '\\]', ']')
                        ) AS quoted
                    FROM ({{inner}})
                )
            )
        )
    )
)
