-- What a record of Mule's logs says, whichever layout wrote it:
--   text  %-5p %d [%t] [processor: %X{processorPath}; event: %X{correlationId}] %c: %m%n, with or without the third part,
--         or %d [%t] %-5p %c - %m%n; the Message Logging policy writes ': ' for ' - ', and the level may stand before [%t]
--         CloudHub 1.0: [%d] %-5p %c [%t]: %m%n, with or without a year
--         CloudHub 2.0: %d %p [replica] %c{1} event:%X{correlationId} %t - %m%n
--   JSON  of JsonLayout, of JsonTemplateLayout (its EcsLayout), of the Splunk appender, in the envelope of HEC, or of
--         json-logger, alone
-- https://docs.mulesoft.com/mule-runtime/latest/logging-in-mule https://logging.apache.org/log4j/2.x/manual/layouts.html
SELECT
    received_at,
    payload_environment,
    payload_gateway,
    peer,
    record,
    record_text,
    is_event_alone,
    parseDateTime64BestEffortOrNull(
        multiIf(
            is_text, if(
                substring(text[2], 3, 1) = '-',
                -- The last such day that has been.
                concat(
                    toString(toYear(received_at) - (substring(text[2], 1, 5) > formatDateTime(received_at + INTERVAL 1 DAY, '%m-%d') ? 1 : 0)),
                    '-',
                    replaceOne(text[2], ',', '.')
                ),
                replaceOne(text[2], ',', '.')
            ),
            log.instant.epochSecond != '', concat(log.instant.epochSecond, '.', leftPad(log.instant.nanoOfSecond, 9, '0')),
            log.timeMillis != '', log.timeMillis,
            log.time != '', log.time,
            log.timestamp != '', replaceRegexpOne(log.timestamp, '\\[.*$', ''),
            log.`@timestamp`
        ),
        6,
        {{time_zone}}
    ) AS logged,
    toLowCardinality(upper(multiIf(
        is_text, concat(text[1], text[3], text[5]),
        log.level != '', log.level,
        log.event.severity != '', log.event.severity,
        log.priority != '', log.priority,
        log.`log.level`
    ))) AS level,
    multiIf(
        is_text, text[8],
        log.loggerName != '', log.loggerName,
        log.event.logger != '', log.event.logger,
        log.priority != '', 'JsonLogger',
        log.`log.logger`
    ) AS logger,
    multiIf(
        is_text, text[4],
        log.thread != '', log.thread,
        log.event.thread != '', log.event.thread,
        log.threadName != '', log.threadName,
        log.`process.thread.name`
    ) AS thread,
    multiIf(is_text, text[9], log.message != '', log.message, log.event.message) AS message,
    multiIf(
        -- Frames, unless the layout has stacktraceAsString.
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
    -- What the application has put there; the rest has columns and attributes of its own.
    mapFilter(
        (name, value) -> name NOT IN (
            'correlationId', 'processorPath', 'trace_id', 'traceId', 'span_id', 'spanId'
        ),
        context
    ) AS own_context,
    if(is_text, text[6], context['processorPath']) AS processor_path,
    multiIf(is_text, text[7], log.correlationId != '', log.correlationId, context['correlationId']) AS correlation_id,
    log.host != '' ? log.host : text[10] AS host,
    -- The fields of json-logger; a property that is not set stays as it is written.
    mapFilter(
        (name, value) -> value NOT IN ('', 'null') AND NOT startsWith(value, '${'),
        map(
            'mule.application', log.applicationName,
            'mule.application_version', log.applicationVersion,
            'mule.flow', log.locationInfo.rootContainer,
            'mule.trace_point', log.tracePoint,
            'mule.elapsed_ms', log.elapsed,
            'mule.content', log.content
        )
    ) AS logger_fields,
    -- What HEC's envelope has besides the event.
    log.event.severity = ''
        ? map()
        : mapConcat(
            map(
                'index', log.index, 'source', log.source, 'sourcetype', log.sourcetype,
                'exception.message', log.event.exception, 'log4j.marker', log.event.marker
            ),
            log.fields
        ) AS envelope_fields,
    startsWith(log.environment, '${') ? '' : log.environment AS named_environment
FROM
(
    SELECT
        *,
        notEmpty(text) AS is_text,
        JSONExtract(is_json AND NOT is_event_alone ? record_text : '', 'Tuple(
            instant Tuple(epochSecond String, nanoOfSecond String), timeMillis String, thread String, level String,
            loggerName String, message String, contextMap Map(String, String),
            thrown Tuple(name String, message String, extendedStackTrace String, cause String),
            `@timestamp` String, `log.level` String, `log.logger` String, `process.thread.name` String,
            `error.type` String, `error.stack_trace` String, labels Map(String, String),
            tracePoint String, priority String, threadName String, timestamp String, correlationId String,
            applicationName String, applicationVersion String, environment String, elapsed String, content String,
            locationInfo Tuple(rootContainer String), time String, host String, index String, source String,
            sourcetype String, fields Map(String, String), event Tuple(
                severity String, logger String, thread String, message String, exception String, marker String,
                properties Map(String, String)))') AS log
    FROM
    (
        SELECT
            *,
            -- Level, time, level behind it, thread, level behind that, processor, event, logger, message, replica.
            multiIf(
                is_json OR is_event_alone, [],
                notEmpty(of_cloud_hub_1), arrayMap(number -> of_cloud_hub_1[number], [2, 1, 0, 4, 0, 0, 0, 3, 5, 0]),
                notEmpty(of_cloud_hub_2), arrayMap(number -> of_cloud_hub_2[number], [2, 1, 0, 6, 0, 0, 5, 4, 7, 3]),
                extractGroups(
                    record_text,
                    '^(?:(TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +)?(\\d{4}-\\d\\d-\\d\\d[ T]\\d\\d:\\d\\d:\\d\\d(?:[,.]\\d+)?(?:Z|[+-]\\d\\d:?\\d\\d)?) +(?:(TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +)?\\[(.*?)\\] +(?:(TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +)?(?:\\[(?:processor: ([^;\\]]*); )?event: ([^\\]]*)\\] )?(\\S+?)(?: -|:)(?:\\s|$)([\\s\\S]*)$'
                )
            ) AS text
        FROM
        (
            SELECT
                *,
                startsWith(record_text, '[')
                    ? extractGroups(record_text, '^\\[((?:\\d{4}-)?\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d(?:[,.]\\d+)?)\\] +(TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +(\\S+) +\\[(.*?)\\]:(?:\\s|$)([\\s\\S]*)$')
                    : [] AS of_cloud_hub_1,
                substring(record_text, 11, 1) = 'T'
                    ? extractGroups(record_text, '^(\\S+) +(TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +\\[([^\\[\\]\\s]*)\\] +(\\S+) +event:(\\S*) +([^\\n]*?) -(?:\\s|$)([\\s\\S]*)$')
                    : [] AS of_cloud_hub_2
            FROM
            (
                SELECT
                    *,
                    startsWith(record_text, '{') AS is_json,
                    -- Most records of a busy gateway; what else a log has of them is not needed.
                    position(record_text, is_json ? '"received_ts"' : 'AnalyticsHttpEventsLogger: {') > 0 AS is_event_alone
                FROM ({{inner}})
            )
        )
    )
)
