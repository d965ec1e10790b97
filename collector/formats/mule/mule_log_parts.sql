-- What a record of Mule's logs says, whichever layout wrote it:
--   text  %-5p %d [%t] [processor: %X{processorPath}; event: %X{correlationId}] %c: %m%n, with or without the third part,
--         or %d [%t] %-5p %c - %m%n; the Message Logging policy writes ': ' for ' - '
--   JSON  of JsonLayout, of JsonTemplateLayout (its EcsLayout), or of the Splunk appender, in the envelope of HEC
-- https://docs.mulesoft.com/mule-runtime/latest/logging-in-mule https://logging.apache.org/log4j/2.x/manual/layouts.html
SELECT
    received_at,
    payload_environment,
    payload_gateway,
    peer,
    record,
    said,
    is_event_alone,
    parseDateTime64BestEffortOrNull(
        multiIf(
            is_text, replaceOne(text[2], ',', '.'),
            log.instant.epochSecond != '', concat(log.instant.epochSecond, '.', leftPad(log.instant.nanoOfSecond, 9, '0')),
            log.timeMillis != '', log.timeMillis,
            log.time != '', log.time,
            log.`@timestamp`
        ),
        6,
        {{time_zone}}
    ) AS logged,
    toLowCardinality(upper(multiIf(
        is_text, concat(text[1], text[4]),
        log.level != '', log.level,
        log.event.severity != '', log.event.severity,
        log.`log.level`
    ))) AS level,
    multiIf(
        is_text, text[7],
        log.loggerName != '', log.loggerName,
        log.event.logger != '', log.event.logger,
        log.`log.logger`
    ) AS logger,
    multiIf(
        is_text, text[3],
        log.thread != '', log.thread,
        log.event.thread != '', log.event.thread,
        log.`process.thread.name`
    ) AS thread,
    multiIf(is_text, text[8], log.message != '', log.message, log.event.message) AS message,
    multiIf(
        -- Frames, unless the layout is told stacktraceAsString.
        startsWith(log.thrown.extendedStackTrace, '['), concat(
            log.thrown.name, ': ', log.thrown.message,
            arrayStringConcat(arrayMap(
                frame -> concat('\n\tat ', frame.class, '.', frame.method, '(', frame.file, ':', frame.line, ')'),
                JSONExtract(
                    log.thrown.extendedStackTrace, 'Array(Tuple(class String, method String, file String, line String))'
                )
            )),
            log.thrown.cause = '' ? '' : concat('\nCaused by: ', log.thrown.cause)
        ),
        log.thrown.extendedStackTrace != '', log.thrown.extendedStackTrace,
        log.`error.stack_trace`
    ) AS stack_trace,
    if(log.thrown.name != '', log.thrown.name, log.`error.type`) AS exception_type,
    mapConcat(log.contextMap, log.labels, log.event.properties) AS context,
    if(is_text, text[5], context['processorPath']) AS processor_path,
    if(is_text, text[6], context['correlationId']) AS correlation_id,
    log.host AS host
FROM
(
    SELECT
        *,
        notEmpty(text) AS is_text,
        JSONExtract(is_json AND NOT is_event_alone ? said : '', 'Tuple(
            instant Tuple(epochSecond String, nanoOfSecond String), timeMillis String, thread String, level String,
            loggerName String, message String, contextMap Map(String, String),
            thrown Tuple(name String, message String, extendedStackTrace String, cause String),
            `@timestamp` String, `log.level` String, `log.logger` String, `process.thread.name` String,
            `error.type` String, `error.stack_trace` String, labels Map(String, String),
            time String, host String, event Tuple(
                severity String, logger String, thread String, message String, properties Map(String, String)))') AS log
    FROM
    (
        SELECT
            *,
            extractGroups(
                is_json OR is_event_alone ? '' : said,
                '^(?:(TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +)?(\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d[,.]\\d{3}) \\[(.*?)\\] (?:(TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +)?(?:\\[(?:processor: ([^;\\]]*); )?event: ([^\\]]*)\\] )?(\\S+?)(?: -|:)(?:\\s|$)([\\s\\S]*)$'
            ) AS text
        FROM
        (
            SELECT
                *,
                startsWith(said, '{') AS is_json,
                -- Most records of a busy gateway; what else a log tells of them is not needed.
                position(said, is_json ? '"received_ts"' : 'AnalyticsHttpEventsLogger: {') > 0 AS is_event_alone
            FROM ({{inner}})
        )
    )
)
