-- Lines of the common log format and the combined one, cut at their quotes:
--   address ident user [time] "request" status bytes "referer" "user agent" and whatever a log_format adds.
-- Apache escapes a quote by a backslash and nginx by \x22; both are \x22 until the text is taken out.
-- https://httpd.apache.org/docs/current/mod/mod_log_config.html https://nginx.org/en/docs/http/ngx_http_log_module.html
-- Most lines have their quotes at their places, and are cut there, which is quick. One expression reads the others: those
-- with quotes in quotes, with quotes or values before the request, before the referer or the user agent, or with the time first.
SELECT
    * EXCEPT (text, quoted, is_regular, parts, front, cells),
    length(sizes) >= 2 AS is_whole,
    splitByString(' [', cells[1]) AS names_and_time,
    splitByChar(' ', cells[2]) AS asked,
    splitByWhitespace(cells[3]) AS sizes,
    arraySlice(sizes, 1, 2) AS counts,
    cells[6] AS agent,
    -- In most segments it is one word, '', for which functions run once.
    toLowCardinality(multiIf(
        length(cells) = 7, cells[7],
        length(cells) > 7, arrayStringConcat(arraySlice(cells, 7), '"'),
        length(sizes) > 2, arrayStringConcat(arraySlice(sizes, 3), ' '),
        ''
    )) AS tail
FROM
(
    SELECT
        *,
        -- An address in quotes of its own is the one that was forwarded: an unquoted list of them has commas.
        trimLeft(replaceRegexpAll(
            replaceRegexpOne(toLowCardinality(parts[1] = '' ? parts[3] : parts[1]), '"([0-9a-fA-F:.]+)"', '\\1,'),
            '["\\s]+',
            ' '
        )) AS front,
        multiIf(
            is_regular, quoted,
            empty(parts), [],
            [
                concat(front, ' [', parts[2], '] '),
                parts[4],
                concat(parts[5], ' ', parts[6]),
                parts[8],
                ' ',
                parts[9] = '' ? parts[10] : parts[9],
                concat(parts[7], ' ', parts[11], ' ', parts[1] = '' ? extract(parts[3], '\\s([0-9]+)\\s') : parts[3])
            ]
        ) AS cells
    FROM
    (
        SELECT
            *,
            endsWith(quoted[1], '] ')
                AND (
                    length(quoted) = 3 AND '{{optional}}' = '?'
                    OR length(quoted) % 2 = 1
                        AND quoted[5] = ' '
                        AND countSubstrings(quoted[3], ' ') = 3
                        AND (length(quoted) = 7 AND quoted[7] IN ('', '\r') OR startsWith(quoted[7], ' '))
                ) AS is_regular,
            -- Before the time, the time, before the request, the request, status, bytes, before the referer, referer, user
            -- agent, user agent behind a referer without quotes, and the rest, in which each quote that opens is closed. Some put the whole line in quotes.
            extractGroups(
                toLowCardinality(multiIf(
                    is_regular, '',
                    startsWith(text, '"') AND endsWith(text, '""'), substring(text, 2, length(text) - 2),
                    -- A log_format in parts lacks the space between a value in quotes and a name easily.
                    replaceRegexpAll(text, '([^\\s="])"([a-z_]+=)', '\\1" \\2')
                )),
                '(?s)^(.*?)\\s*\\[([^\\]]*\\d\\d:\\d\\d[^\\]]*|null|-|)\\]\\s+(?:([^"]*?)\\s+)?(?:"[^"\\s]*"\\s+)?"(.*?)"\\s+(\\d{3}|-)\\s+(\\d+|-)(?:((?:\\s+[^"\\s]+)*?)(?:\\s+"(.*?)"(?:\\s+[^"\\s]+)*?\\s+"(.*?)"|\\s+-\\s+"(.*?)")){{optional}}((?:\\s+(?:"[^"]*"|[^"\\s]*="[^"]*"|[^"\\s]+))*)\\s*$'
            ) AS parts
        FROM
        (
            SELECT
                *,
                replaceAll(replaceAll(toValidUTF8(line), '\\\\', '\\x5C'), '\\"', '\\x22') AS text,
                splitByChar('"', text) AS quoted
            FROM ({{inner}})
        )
    )
)
