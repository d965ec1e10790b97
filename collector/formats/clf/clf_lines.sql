-- Lines of the common log format and the combined one, cut at their quotes:
--   address ident user [time] "request" status bytes "referer" "user agent" and whatever a log_format adds.
-- Apache escapes a quote by a backslash and nginx by \x22; both are \x22 until the text is taken out.
-- https://httpd.apache.org/docs/current/mod/mod_log_config.html https://nginx.org/en/docs/http/ngx_http_log_module.html
-- Most lines have their quotes at their places, and are cut there, which is quick. One expression reads the others: those
-- with quotes in quotes, with quotes or values before the request, before the referer or the user agent, or with the time first.
SELECT
    * EXCEPT (text, quoted, words, is_common, is_combined, parts),
    is_common OR is_combined OR notEmpty(parts) AS is_whole,
    splitByString(
        ' [',
        empty(parts)
            ? quoted[1]
            -- An address in quotes of its own is the one that was forwarded: an unquoted list of them has commas.
            : concat(
                trimLeft(replaceRegexpAll(
                    replaceRegexpOne(parts[1] = '' ? parts[3] : parts[1], '"([0-9a-fA-F:.]+)"', '\\1,'),
                    '["\\s]+',
                    ' '
                )),
                ' [',
                parts[2]
            )
    ) AS names_and_time,
    splitByChar(' ', empty(parts) ? quoted[2] : parts[4]) AS asked,
    empty(parts) ? arraySlice(words, 1, 2) : [parts[5], parts[6]] AS counts,
    multiIf(is_combined, quoted[6], is_common, '', parts[9] != '', parts[9], parts[10]) AS agent,
    multiIf(
        is_combined, length(quoted) = 7 ? quoted[7] : arrayStringConcat(arraySlice(quoted, 7), '"'),
        is_common, length(words) = 2 ? '' : arrayStringConcat(arraySlice(words, 3), ' '),
        notEmpty(parts), concat(parts[7], ' ', parts[11], ' ', parts[1] = '' ? '' : parts[3]),
        ''
    ) AS tail
FROM
(
    SELECT
        *,
        endsWith(quoted[1], '] ') AND length(quoted) = 3 AND length(words) >= 2 AS is_common,
        endsWith(quoted[1], '] ')
            AND length(quoted) % 2 = 1
            AND length(words) = 2
            AND quoted[5] = ' '
            AND (length(quoted) = 7 AND quoted[7] IN ('', '\r') OR startsWith(quoted[7], ' ')) AS is_combined,
        -- Before the time, the time, before the request, the request, status, bytes, before the referer, referer, user agent,
        -- user agent behind a referer without quotes, and the rest, in which each quote that opens is closed.
        extractGroups(
            is_common OR is_combined ? '' : text,
            '(?s)^(.*?)\\s*\\[([^\\]]*\\d\\d:\\d\\d[^\\]]*|null|-|)\\]\\s+(?:([^"]*?)\\s+)?"(.*?)"\\s+(\\d{3}|-)\\s+(\\d+|-)(?:((?:\\s+[^"\\s]+)*?)(?:\\s+"(.*?)"(?:\\s+[^"\\s]+)*?\\s+"(.*?)"|\\s+-\\s+"(.*?)"))?((?:\\s+(?:"[^"]*"|[^"\\s]*="[^"]*"|[^"\\s]+))*)\\s*$'
        ) AS parts
    FROM
    (
        SELECT
            *,
            replaceAll(replaceAll(toValidUTF8(line), '\\\\', '\\x5C'), '\\"', '\\x22') AS text,
            splitByChar('"', text) AS quoted,
            splitByWhitespace(quoted[3]) AS words
        FROM ({{inner}})
    )
)
