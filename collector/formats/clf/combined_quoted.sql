-- Lines of the combined log format, cut at their quotes:
--   address ident user [time] "request" status bytes "referer" "user agent" and whatever a log_format adds.
-- Apache escapes a quote by a backslash and nginx by \x22; both are \x22 until the text is taken out.
-- https://httpd.apache.org/docs/current/mod/mod_log_config.html https://nginx.org/en/docs/http/ngx_http_log_module.html
SELECT
    * EXCEPT quoted,
    -- An odd number of parts: each quote that opens is closed.
    length(quoted) >= 7 AND length(quoted) % 2 = 1 AS is_whole,
    splitByString(' [', quoted[1]) AS names_and_time,
    splitByChar(' ', quoted[2]) AS asked,
    splitByWhitespace(quoted[3]) AS counts,
    quoted[6] AS agent,
    if(length(quoted) > 7, arrayStringConcat(arraySlice(quoted, 7), '"'), quoted[7]) AS tail
FROM
(
    SELECT *, splitByChar('"', replaceAll(replaceAll(toValidUTF8(line), '\\\\', '\\x5C'), '\\"', '\\x22')) AS quoted
    FROM ({{inner}})
)
