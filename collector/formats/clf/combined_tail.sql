-- What a log_format adds behind the combined or common one:
--   pairs        request_time=0.012 upstream_response_time="0.010, 0.002" request_id=… (deploy/gateways/nginx)
--   in order     ingress-nginx's own format: request_length request_time [upstream] [] address length time status request_id
--   a duration   with its unit: 12.345 ms, 48211us; or Apache's **%T/%D**, of which the one tells the unit of the other
--   bytes        Apache's %I %O, in and out
--   anything     "X-Forwarded-For" … request_id
-- Lists of what several upstreams said are joined by commas.
SELECT
    *,
    startsWith(words[3], '[') AND length(words) = 9 AS from_ingress,
    length(words) = 2
        AND match(words[1], '^[0-9]+$')
        AND ifNull(toUInt64OrNull(words[2]) >= toUInt64OrZero(counts[2]), 0) AS counts_bytes
FROM
(
    SELECT
        *,
        -- nginx's module of the log calls values name=value; others write name: value, or a name and a value.
        if(
            NOT in_pairs,
            CAST(map(), 'Map(String, String)'),
            mapApply(
                (name, value) -> (
                    transform(lower(name), {{names}}, {{fields}}, lower(name)),
                    concat(toValidUTF8(value), match(value, '[0-9]$') ? transform(lower(name), {{names}}, {{units}}, '') : '')
                ),
                position(joined, '\\') = 0
                    ? extractKeyValuePairs(trimRight(joined), '=', ' \t', '"')
                    : extractKeyValuePairsWithEscaping(trimRight(joined), '=', ' \t', '"')
            )
        ) AS pairs,
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
            position(joined, '=') > 0 AND match(joined, '(?:^|\\s)[\\w.@-]+=') AS in_pairs
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
