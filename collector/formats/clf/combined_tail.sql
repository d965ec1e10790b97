-- What a log_format adds behind the combined or common one:
--   pairs        request_time=0.012 upstream_response_time="0.010, 0.002" request_id=… (deploy/gateways/nginx)
--   in order     ingress-nginx's own format: request_length request_time [upstream] [] address length time status request_id
--   a duration   with its unit: 12.345 ms, 48211us; or Apache's **%T/%D**, of which the one tells the unit of the other
--   bytes        Apache's %I %O, in and out
--   anything     "X-Forwarded-For" … request_id
-- Lists of what several upstreams said are joined by commas.
SELECT
    *,
    -- nginx's documentation has rt, ut or urt, ua and us for these; uct and uht are parts of urt, and none of them.
    -- https://docs.nginx.com/nginx-amplify/metrics-metadata/nginx-metrics/#additional-http-metrics
    extract(named, '(?:^|\\s)(?:request_time|rt|req_time|request_duration)="?([^\\s"]*[0-9][^\\s"]*)') AS stated_request,
    extract(named, '(?:^|\\s)(?:duration|elapsed|took|time_taken|total_time|latency)="?([^\\s"]*[0-9][^\\s"]*)') AS stated_duration,
    extract(named, '(?:^|\\s)(?:response_time|resp_time)="?([^\\s"]*[0-9][^\\s"]*)') AS stated_response,
    extract(
        named,
        '(?:^|\\s)(?:upstream_response_time|urt|ut|upstream_time|upstream_duration)="?([^\\s"]*[0-9][^\\s"]*)'
    ) AS stated_upstream,
    extract(named, '(?:^|\\s)(?:upstream_addr|ua)="?((?:[^\\s",:]+|\\[[0-9a-fA-F:]+\\]):[^\\s"]+)') AS stated_addresses,
    extract(named, '(?:^|\\s)(?:upstream_status|us)="?([-0-9,]+)') AS stated_answers,
    extract(named, '(?:^|\\s)(?:upstream|proxy_host|upstream_name|proxy_upstream_name)="?([^\\s"]+)') AS upstream_name,
    extract(named, '(?:^|\\s)(?:host|http_host)="?([^\\s"]+)') AS stated_host,
    extract(named, '(?:^|\\s)(?:x_forwarded_for|http_x_forwarded_for|xff)="?([^\\s"]+)') AS stated_forwarded,
    extract(named, '(?:^|\\s)(?:request_id|req_id|rid|x_request_id|kong_request_id)="?([^\\s"]+)') AS stated_request_id,
    -- Users put values of their own behind it.
    startsWith(words[3], '[') AND startsWith(words[4], '[') AND length(words) >= 9 AS from_ingress,
    length(words) = 2
        AND match(words[1], '^[0-9]+$')
        AND ifNull(toUInt64OrNull(words[2]) >= toUInt64OrZero(counts[2]), 0) AS counts_bytes
FROM
(
    SELECT
        *,
        -- nginx's module of the log calls values name=value; others write name: value, or a name and a value.
        extractKeyValuePairsWithEscaping(in_pairs ? trimRight(joined) : '', '=', ' \t', '"') AS pairs,
        if(
            empty(tail),
            [],
            splitByWhitespace(translate(
                in_pairs ? replaceRegexpAll(joined, '[^\\s"=]+=(?:"[^"]*"|[^\\s"]*)', '') : joined,
                '"',
                ' '
            ))
        ) AS words
    FROM
    (
        SELECT
            *,
            match(joined, '(?:^|\\s)[\\w.@-]+=') AS in_pairs,
            -- elapsed_ms=12 is elapsed=12ms.
            replaceRegexpAll(
                joined,
                '(^|\\s)(upstream|\\w*time|duration|elapsed|took|time_taken|latency|\\w+_duration|rt|ut|urt)_(s|sec|seconds|ms|msec|us|usec|ns)="?([0-9.]+)"?',
                '\\1 \\2=\\4\\3'
            ) AS with_units,
            replaceRegexpAll(with_units, '\\supstream=([0-9.]+[nmu]?s)(\\s|$)', ' upstream_time=\\1\\2') AS named
        FROM
        (
            SELECT
                *,
                position(tail, ', ') = 0 AND position(tail, ' : ') = 0
                    ? tail
                    : replaceRegexpAll(tail, '(?:, | : )([0-9\\[-]|unix:)', ',\\1') AS listed,
                position(listed, '_time ') = 0 AND position(listed, '_time:') = 0
                    ? listed
                    : replaceRegexpAll(listed, '\\b(\\w+_time|msec)(?:: ?| )', '\\1=') AS joined
            FROM ({{inner}})
        )
    )
)
