-- The combined and common log formats of nginx and Apache, and what is often added to them, in the terms of access logs.
SELECT
    received_at,
    payload_environment AS environment,
    payload_gateway AS named_gateway,
    '' AS node_id,
    '' AS node_cluster,
    peer,
    'proxy' AS default_kind,
    record,
    multiIf(
        other != '', '',
        NOT is_whole OR length(counts) != 2, 'not an access log line of this format',
        logged IS NULL, 'the time is not a time',
        code IS NULL, 'the status is not a number of three digits',
        sent IS NULL AND counts[2] != '-', 'the number of bytes is not a number',
        ''
    ) AS problem,
    other != '' AS is_log,
    -- nginx writes the line when the request has ended, and tells the milliseconds only in a variable of its own.
    multiIf(
        other_time IS NOT NULL, other_time,
        match(pairs['msec'], '^[0-9]{10}[.][0-9]{3}$'),
        fromUnixTimestamp64Milli(toInt64OrZero(replaceOne(pairs['msec'], '.', '')) - toInt64(milliseconds[1]), 'UTC'),
        CAST(logged, 'Nullable(DateTime64(3, \'UTC\'))')
    ) AS started,
    code,
    multiIf(
        in_pairs AND pairs['duration_us'] != '', toUInt64OrNull(pairs['duration_us']),
        notEmpty(milliseconds), milliseconds[1] * 1000,
        length(words) = 1, toUInt64OrNull(words[1]),
        NULL
    ) AS took_us,
    multiIf(
        in_pairs AND pairs['upstream_us'] != '', toUInt64OrNull(pairs['upstream_us']),
        length(milliseconds) > 1, toUInt64(arraySum(milliseconds) - milliseconds[1]) * 1000,
        NULL
    ) AS upstream_took_us,
    if(is_http, asked[1], '') AS method,
    url,
    if(has_protocol, asked[-1], '') AS protocol,
    multiIf(before_ident != 2, pairs['host'], is_forwarded, '', names[1]) AS authority,
    '' AS flags,
    '' AS details,
    '' AS termination_details,
    '' AS failure_reason,
    toUInt64OrZero(
        multiIf(in_pairs, pairs['request_length'], from_ingress OR length(words) = 2 AND empty(times), words[1], '')
    ) AS request_bytes,
    ifNull(sent, 0) AS response_bytes,
    multiIf(
        in_pairs, pairs['x_forwarded_for'],
        words[1] LIKE '%.%.%.%' OR countSubstrings(words[1], ':') > 1, words[1],
        ''
    ) AS forwarded_for,
    trimRight(is_forwarded ? names[1] : names[before_ident], ',') AS downstream_address,
    if(
        position(agent, '\\') = 0,
        agent,
        toValidUTF8(extractKeyValuePairsWithEscaping(concat('agent="', agent, '"'), '=', ' ', '"')['agent'])
    ) AS user_agent,
    multiIf(in_pairs, pairs['request_id'], match(words[-1], '^[0-9a-fA-F-]{16,}$'), words[-1], '') AS request_id,
    pairs['trace_id'] AS trace_id,
    '' AS span_id,
    if(other = '', 'INFO', other_severity) AS severity_of_log,
    CAST(map(), 'Map(String, String)') AS log_attributes,
    if(from_ingress, words[5], pairs['upstream_addr']) AS upstream_host,
    upstream AS upstream_cluster,
    '' AS route_name,
    '' AS requested_server_name,
    '' AS grpc_status,
    if(pairs['consumer'] != '', pairs['consumer'], arrayStringConcat(arraySlice(names, before_ident + 2), ' ')) AS consumer,
    pairs['api'] AS named_api,
    multiIf(
        pairs['api_version'] != '', pairs['api_version'],
        match(upstream, '[-_.]v[0-9]+$') OR upstream = '' AND code = 404, '',
        {{version_in_path(cutQueryStringAndFragment(url))}}
    ) AS named_api_version,
    pairs['route'] AS named_route
FROM
(
    SELECT
        *,
        endsWith(names[1], ',') AS is_forwarded,
        -- A server name (CONNECT) and * (OPTIONS) are no paths.
        if(startsWith(target, '/'), target, extract(target, '(?s)^ *(?i:https?://[^/?#]*)?(/.*)')) AS url
    FROM
    (
        SELECT
            *,
            -- Address, ident, which is nothing but '-' any more, and user. vhost_combined has the host that was asked for
            -- in front of them; a list of forwarded addresses may stand for the address, with commas. The last is the user.
            splitByChar(' ', names_and_time[1]) AS names,
            greatest(indexOf(arraySlice(names, 2, -1), '-'), 1) AS before_ident,
            parseDateTimeOrNull(
                toLowCardinality(substring(names_and_time[-1], 1, 26)), '%d/%b/%Y:%H:%i:%s %z', 'UTC'
            ) AS logged,
            if(length(counts[1]) = 3, toUInt16OrNull(counts[1]), NULL) AS code,
            toUInt64OrNull(counts[2]) AS sent,
            length(asked) >= 3 AND startsWith(asked[-1], 'HTTP/') AS has_protocol,
            -- HTTP/0.9 tells no protocol.
            has_protocol OR startsWith(asked[2], '/') AS is_http,
            multiIf(
                has_protocol, arrayStringConcat(arraySlice(asked, 2, length(asked) - 2), ' '),
                is_http, asked[2],
                ''
            ) AS escaped,
            if(
                position(escaped, '\\') = 0,
                escaped,
                toValidUTF8(extractKeyValuePairsWithEscaping(concat('target="', escaped, '"'), '=', ' ', '"')['target'])
            ) AS target,
            -- An address is no name.
            if(
                from_ingress,
                trim(BOTH '[]' FROM words[3]),
                replaceRegexpOne(pairs['upstream'], '^-$|^[0-9.]+(?::[0-9]+)?$|:[0-9]+$', '')
            ) AS upstream
        FROM ({{inner}})
    )
)
