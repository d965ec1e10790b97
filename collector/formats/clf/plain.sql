-- The fast path: lines with nothing behind the user agent or the bytes, and their quotes at their places.
SELECT
    *,
    splitByChar('"', replaceAll(replaceAll(toValidUTF8(line), '\\\\', '\\x5C'), '\\"', '\\x22')) AS quoted,
    splitByString(' [', quoted[1]) AS names_and_time,
    splitByChar(' ', quoted[2]) AS asked,
    splitByWhitespace(quoted[3]) AS counts,
    quoted[6] AS agent,
    throwIf(
        line != ''
            AND NOT (
                endsWith(quoted[1], '] ')
                AND length(counts) = 2
                AND (length(quoted) = 3 AND '{{optional}}' = '?' OR length(quoted) = 7 AND quoted[5] = ' ' AND quoted[7] IN ('', '\r'))
            ),
        'more than a common or combined line'
    ) = 0 AS is_whole,
    CAST(NULL, 'Nullable(UInt64)') AS took_us,
    CAST(NULL, 'Nullable(UInt64)') AS upstream_took_us,
    '' AS doubt,
    CAST(map(), 'Map(String, String)') AS pairs,
    CAST([], 'Array(String)') AS words,
    0 AS from_ingress,
    0 AS counts_bytes,
    '' AS stated_host,
    '' AS stated_forwarded,
    '' AS stated_request_id,
    '' AS upstream_name,
    '' AS stated_addresses,
    '' AS stated_answers
FROM ({{inner}})
