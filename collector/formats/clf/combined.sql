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
        logged IS NULL AND NOT match(stated_time, '^(?:null|-|)\\]? *$'), 'the time is not a time',
        code IS NULL, 'the status is not a number of three digits',
        sent IS NULL AND counts[2] != '-', 'the number of bytes is not a number',
        ''
    ) AS problem,
    other != '' AS is_log,
    -- nginx writes the line when the request has ended, and has milliseconds only in a variable of their own.
    multiIf(
        other_time IS NOT NULL, other_time,
        match(pairs['msec'], '^[0-9]{10}[.][0-9]{3}$'),
        fromUnixTimestamp64Milli(
            toInt64OrZero(replaceOne(pairs['msec'], '.', '')) - toInt64(intDiv(ifNull(took_us, 0), 1000)), 'UTC'
        ),
        toTimeZone(logged, 'UTC')
    ) AS started,
    code,
    took_us,
    upstream_took_us,
    doubt,
    if(is_http, asked[1], '') AS method,
    url,
    if(has_protocol, asked[-1], '') AS protocol,
    -- An address next to an address is no host.
    multiIf(
        client < 2 AND before_ident = 1 OR endsWith(names[1], ',') OR startsWith(names[2], '('), stated_host,
        client = 1, names[2],
        match(names[1], '^[0-9a-fA-F.]*$'), '',
        before_ident = 2 OR client = 2, names[1],
        stated_host
    ) AS authority,
    '' AS flags,
    '' AS details,
    '' AS termination_details,
    '' AS failure_reason,
    toUInt64OrZero(from_ingress OR counts_bytes ? words[1] : pairs['request_length']) AS request_bytes,
    ifNull(sent, 0) AS response_bytes,
    multiIf(
        stated_forwarded != '', stated_forwarded,
        match(words[1], '^(?:[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+|\\[?[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*\\]?)(?:,|$)'), words[1],
        ''
    ) AS forwarded_for,
    trim(BOTH '(),' FROM names[client]) AS downstream_address,
    if(
        position(agent, '\\') = 0,
        agent,
        toValidUTF8(extractKeyValuePairsWithEscaping(concat('agent="', agent, '"'), '=', ' ', '"')['agent'])
    ) AS user_agent,
    multiIf(stated_request_id != '', stated_request_id, from_ingress, words[9], match(words[-1], '^[0-9a-fA-F-]{16,}$'), words[-1], '') AS request_id,
    pairs['trace_id'] AS trace_id,
    '' AS span_id,
    if(other = '', 'INFO', other_severity) AS severity_of_log,
    CAST(map(), 'Map(String, String)') AS log_attributes,
    -- The last that answered, or else the last that was tried.
    position(addresses, ',') = 0
        ? addresses
        : ifNull(
            nullIf(splitByString(',', addresses)[arrayLastIndex(answer -> NOT match(answer, '^ *-?$'), splitByChar(',', answers))], ''),
            arrayLast(address -> address != '-', splitByChar(',', addresses))
        ) AS upstream_host,
    upstream AS upstream_cluster,
    '' AS route_name,
    '' AS requested_server_name,
    '' AS grpc_status,
    if(pairs['consumer'] != '', pairs['consumer'], arrayStringConcat(arrayFilter(name -> name != '', arraySlice(names, greatest(before_ident, client) + 2)), ' ')) AS consumer,
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
        -- A list of forwarded addresses begins with the client's, and may have a host before it.
        -- Or it stands in brackets behind the address of the connection.
        multiIf(
            endsWith(names[1], ',') OR names[2] = '(-)', 1,
            startsWith(names[2], '('), 2,
            before_ident > 2 AND match(names[1], '^[0-9]+[.][0-9.]+$|:.*:') AND NOT match(names[before_ident], '[.:]'), 1,
            before_ident > 2 AND endsWith(names[2], ','), 2,
            before_ident = 2 AND match(names[1], '^[0-9.]+$|:.*:') AND NOT match(names[2], '^[0-9.]+$|:|^-$'), 1,
            -- A host, an address, and neither ident nor user.
            before_ident = 1 AND match(names[2], '^[0-9]+[.][0-9.]+$|:.*:') AND NOT match(names[1], '^[0-9.]+$|:.*:|,$'), 2,
            before_ident
        ) AS client,
        if(from_ingress, words[5], stated_addresses) AS addresses,
        if(from_ingress, words[8], stated_answers) AS answers,
        -- A server name (CONNECT) and * (OPTIONS) are no paths; $host$request_uri has one in front of the path.
        if(
            startsWith(target, '/'),
            target,
            extract(target, '(?s)^ *(?i:https?://[^/?#]*|[a-z0-9-]+(?:[.][a-z0-9-]+)+(?::[0-9]+)?)?(/.*)')
        ) AS url
    FROM
    (
        SELECT
            *,
            -- Address, ident, which is nothing but '-' any more, and user. vhost_combined has the host that was asked for
            -- in front of them; a list of forwarded addresses may stand for the address, with commas. The last is the user.
            splitByChar(' ', names_and_time[1]) AS names,
            greatest(indexOf(arraySlice(names, 2, -1), '-'), 1) AS before_ident,
            CAST(
                parseDateTimeOrNull(
                    toLowCardinality(substring(names_and_time[-1], 1, 26)), '%d/%b/%Y:%H:%i:%s %z', 'UTC'
                ),
                'Nullable(DateTime64(3, \'UTC\'))'
            ) AS in_seconds,
            -- With milliseconds, without a zone, or nginx' $time_iso8601. In most segments it is one word, '', for which
            -- functions run once.
            toLowCardinality(in_seconds IS NULL ? names_and_time[-1] : '') AS stated_time,
            ifNull(
                in_seconds,
                parseDateTime64BestEffortOrNull(
                    replaceRegexpOne(
                        extract(stated_time, '^[^\\]]*\\d\\d:\\d\\d[^\\]]*'), '^(\\d+/\\w+/\\d+):', '\\1 '
                    ),
                    3,
                    {{time_zone}}
                )
            ) AS logged,
            multiIf(counts[1] = '-', 0, length(counts[1]) = 3, toUInt16OrNull(counts[1]), NULL) AS code,
            toUInt64OrNull(counts[2]) AS sent,
            length(asked) >= 3 AND startsWith(asked[-1], 'HTTP/') AS has_protocol,
            -- HTTP/0.9 names no protocol.
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
                replaceRegexpOne(upstream_name, '^-$|^[0-9.]+(?::[0-9]+)?$|:[0-9]+$', '')
            ) AS upstream
        FROM ({{inner}})
    )
)
