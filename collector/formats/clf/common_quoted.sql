-- Lines of the common log format, cut at their quotes:
--   address ident user [time] "request" status bytes and whatever a log_format adds without quotes.
-- https://httpd.apache.org/docs/current/mod/mod_log_config.html
SELECT
    * EXCEPT (quoted, words),
    length(quoted) = 3 AS is_whole,
    splitByString(' [', quoted[1]) AS names_and_time,
    splitByChar(' ', quoted[2]) AS asked,
    arraySlice(words, 1, 2) AS counts,
    '' AS agent,
    if(length(words) > 2, arrayStringConcat(arraySlice(words, 3), ' '), '') AS tail
FROM
(
    SELECT
        *,
        splitByChar('"', replaceAll(replaceAll(toValidUTF8(line), '\\\\', '\\x5C'), '\\"', '\\x22')) AS quoted,
        splitByWhitespace(quoted[3]) AS words
    FROM ({{inner}})
)
