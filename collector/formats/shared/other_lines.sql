-- Lines that share a file with an access log: what a proxy logs of itself, on standard output or in one file, and what
-- others log there as JSON. Such a line is in `other` whole, with its time and severity, and `line` is empty then; `record` is either:
--   Istio    2026-11-23T10:15:30.123456Z<tab>info<tab>xdsproxy<tab>connected …
--   Envoy    [2026-11-23 10:15:30.123][1][info][main] [source/server/server.cc:123] …
--   nginx    2026/11/23 10:15:30 [error] 7#7: *1 connect() failed …
--   Apache   [Mon Nov 23 10:15:30.123456 2026] [proxy:error] [pid 7] …
--   Traefik  2026-11-23T10:15:30Z INF …, and up to version 2 time="2026-11-23T10:15:30Z" level=info msg=…
--   klog     I1123 10:15:30.123456 7 controller.go:190] …          of ingress-nginx and others in Kubernetes
--   KrakenD  [KRAKEND] 2026/11/23 - 10:15:30.123 ▶ INFO …, and Gin's [GIN-debug] …
--   Linkerd  [     0.001590s]  INFO ThreadId(01) …
--   Caddy    2026/11/23 10:15:30.123<tab>INFO<tab>admin<tab>…   on a terminal
--   at start /docker-entrypoint.sh: …, nginx: [emerg] …, AH00558: …, [2026-11-23 10:15:30 +0000] [7] [INFO] … of Gunicorn
--   W3C      #Fields: date time …
--   JSON     an object without the words of an access log
-- Each function here is planned for each segment, and most segments have no such line: so they are few.
SELECT
    received_at,
    payload_environment,
    payload_gateway,
    peer,
    record,
    -- A line of JSON may stand as a text in another.
    arrayFirst(
        line -> startsWith(line, '{') AND ({{is_access_object}}),
        JSONExtractKeysAndValues(startsWith(aside, '{') ? aside : '', 'String').2
    ) AS inner,
    aside = '' ? {{record_alone}} : inner AS line,
    toLowCardinality(inner = '' ? aside : '') AS other,
    -- What stands before the day in klog's is a month, and all others begin with the year or name the month. KrakenD puts a
    -- dash between day and time.
    parseDateTime64BestEffortUSOrNull(
        extract(
            replaceRegexpOne(other, '^(?:[IWEF]|\\[KRAKEND\\] )(\\d\\d(?:\\d\\d/\\d\\d)?)/?(\\d\\d) (?:- )?', '\\1/\\2 '),
            '(?:^|^\\[|^time="?|^#\\w+: |"(?:time|timestamp|@timestamp|ts)": ?"?)(\\d{4}[-/]\\d\\d[-/]\\d\\d[T ][\\d:.]+(?:Z| ?[+-]\\d\\d:?\\d\\d)?|[A-Z][a-z]{2} [A-Z][a-z]{2} +\\d+ [\\d:.]+ \\d{4}|\\d\\d/\\d\\d [\\d:.]+|\\d{10}[\\d.]*)'
        ),
        6,
        {{time_zone}}
    ) AS other_time,
    transform(
        extract(other, '(?:^[^ ]+Z\\t|^\\d{4}-[^ ]+ |^time=[^ ]+ level=|^[^\\]]+\\]\\[\\d+\\]\\[|^[\\d/]+ [\\d:]+ \\[|\\] \\[(?:\\w*:)?|^\\[KRAKEND\\] [\\d/]+ - [\\d:.]+ [^ ]+ |^\\[ *[\\d.]+s\\] +|^nginx: \\[|^[\\d/]+ [\\d:.]+\\t(?:\\x1b\\[\\d+m)?|^[^ ]*sh: |"(?:level|severity)": ?"?|^)([a-zA-Z]+|\\d\\d)'),
        [
            'trace', 'debug', 'info', 'notice', 'warn', 'warning', 'error', 'crit', 'critical', 'fatal', 'alert', 'emerg',
            'panic', 'TRACE', 'DEBUG', 'INFO', 'NOTICE', 'WARN', 'WARNING', 'ERROR', 'CRITICAL', 'FATAL',
            'TRC', 'DBG', 'INF', 'WRN', 'ERR', 'FTL', 'PNC', 'I', 'W', 'E', 'F',
            '10', '20', '30', '40', '50', '60'
        ],
        [
            'TRACE', 'DEBUG', 'INFO', 'INFO', 'WARN', 'WARN', 'ERROR', 'FATAL', 'FATAL', 'FATAL', 'FATAL', 'FATAL',
            'FATAL', 'TRACE', 'DEBUG', 'INFO', 'INFO', 'WARN', 'WARN', 'ERROR', 'FATAL', 'FATAL',
            'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'FATAL', 'INFO', 'WARN', 'ERROR', 'FATAL',
            'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'
        ],
        ''
    ) AS other_severity
FROM
(
    SELECT
        received_at,
        payload_environment,
        payload_gateway,
        peer,
        line AS record,
        -- In most segments it is one word, for which functions run once.
        toLowCardinality(if(
            startsWith(line, '{')
                ? ({{is_access_object}} ? 0 : JSONLength({{line_alone}}) > 0)
                : ({{is_other_line}}),
            trimRight(toValidUTF8({{line_alone}}), '\r\n'),
            ''
        )) AS aside
    FROM ({{inner}})
)
