-- Records of anything, one JSON object a line, under the names that agents and loggers agree on: Fluent Bit and Fluentd with
-- their Kubernetes metadata, systemd's journal, OpenTelemetry, log4j, zap, pino, python-json-logger.
-- `fluent_tag` and `fluent_time` (nanoseconds) are what the Forward port adds. In GELF the names of whoever logs begin with _.
-- Every value is read as text. https://go2docs.graylog.org/current/getting_in_log_data/gelf_format.html
SELECT
    received_at,
    payload_environment,
    payload_gateway,
    peer,
    line,
    normalised,
    JSONExtract(normalised, 'Map(String, String)') AS attributes,
    JSONExtract(normalised, 'Tuple(
        fluent_tag String, fluent_time String, log String, message String, msg String, MESSAGE String, body String,
        full_message String, short_message String,
        severity String, level String, severity_text String, `log.level` String, loglevel String, levelname String,
        PRIORITY String, `otel.log.severity.text` String,
        `@timestamp` String, timestamp String, time String, date String, ts String,
        environment String, gateway String, `service.name` String, service String, instance String,
        hostname String, _HOSTNAME String, host String, trace_id String, traceId String, `trace.id` String, span_id String,
        spanId String, `span.id` String, logger String, kind String, container_name String, kubernetes String)') AS known,
    -- Of Fluent Bit's and Fluentd's filter, of Filebeat's, of Vector's source.
    JSONExtract(known.kubernetes, 'Tuple(
        pod_name String, namespace_name String, container_name String, host String,
        pod Tuple(name String), namespace String, container Tuple(name String), node Tuple(name String),
        pod_namespace String, pod_node_name String)') AS of_pod
FROM
(
    SELECT
        *,
        position(line, '"short_message"') > 0
            ? replaceRegexpAll(line, '([{,]\\s*)"_([\\w.-]+"\\s*:)', '\\1"\\2')
            : line AS normalised
    FROM ({{inner}})
)
