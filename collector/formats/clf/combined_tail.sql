-- What a log_format adds behind the combined or common one, in one of three ways:
--   pairs        request_time=0.012 upstream_response_time="0.010, 0.002" request_id=… (deploy/gateways/nginx)
--   in order     "X-Forwarded-For" request_time upstream_response_time … request_id, in quotes or not; ingress-nginx's own
--                format is one of these: request_length request_time [upstream] [] address length time status request_id
--   Apache's     %D, microseconds; or %I %O, bytes in and out
SELECT
    *,
    -- Seconds with three digits behind the point: without the point they are milliseconds.
    arrayMap(time -> toUInt64OrZero(replaceOne(time, '.', '')), times) AS milliseconds
FROM
(
    SELECT
        *,
        startsWith(words[3], '[') AND length(words) >= 9 AS from_ingress,
        arrayFilter(
            word -> substring(word, -4, 1) = '.' AND match(word, '^[0-9]{1,9}[.][0-9]{3}$'),
            in_pairs
                ? splitByWhitespace(translate(concat(pairs['request_time'], ' ', pairs['upstream_response_time']), ',', ' '))
                : words
        ) AS times
    FROM
    (
        SELECT
            *,
            multiIf(
                NOT in_pairs, CAST(map(), 'Map(String, String)'),
                position(tail, '\\') = 0, extractKeyValuePairs(trimRight(tail), '=', ' ', '"'),
                mapApply(
                    (name, value) -> (name, toValidUTF8(value)),
                    extractKeyValuePairsWithEscaping(trimRight(tail), '=', ' ', '"')
                )
            ) AS pairs,
            if(in_pairs OR empty(tail), [], splitByWhitespace(translate(tail, '",', '  '))) AS words
        FROM (SELECT *, position(tail, '=') > 0 AS in_pairs FROM ({{inner}}))
    )
)
