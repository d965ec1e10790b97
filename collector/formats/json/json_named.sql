-- The text of a record, its moment, and who wrote it how gravely. `who` is one column, because each column costs at each
-- step of planning.
WITH
    trimLeft(known.container_name, '/') AS container_name,
    firstNonDefault(of_pod.pod_name, of_pod.pod.name) AS pod,
    firstNonDefault(of_pod.namespace_name, of_pod.namespace, of_pod.pod_namespace) AS namespace,
    firstNonDefault(of_pod.container_name, of_pod.container.name) AS container,
    -- An object, as Filebeat and ECS have it, says where a line is from and how grave it is.
    startsWith(known.log, '{') AND known.message != '' AND JSONType(normalised, 'log') = 'Object' ? known.log : '' AS log_object,
    arrayFirst(
        candidate -> candidate != '',
        [
            known.severity, known.level, known.severity_text, known.`log.level`, known.loglevel, known.levelname,
            known.PRIORITY, known.`otel.log.severity.text`,
            log_object = '' ? '' : JSONExtractString(log_object, 'level')
        ]
    ) AS stated_level,
    -- Where nothing else says it, as the text does: 'WARN', '[warning]', '\tinfo\t'.
    lower(
        stated_level != ''
            ? stated_level
            : arrayStringConcat(extractGroups(substring(text, 1, 160), '(?:^|[\\[\\s])(TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)[\\]\\s:]|[\\[\\t](trace|debug|info|warn|warning|error|critical|fatal)[\\]\\t]'))
    ) AS level
SELECT
    received_at,
    payload_environment,
    payload_gateway,
    peer,
    line,
    empty(attributes) ? 'not a JSON object, or an empty one' : '' AS fault,
    multiIf(
        known.log != '' AND log_object = '', known.log,
        known.message != '', known.message,
        known.msg != '', known.msg,
        known.MESSAGE != '', known.MESSAGE,
        known.full_message != '', known.full_message,
        known.short_message != '', known.short_message,
        known.body
    ) AS text,
    -- The first that is as long as a time has to be: a shorter one is a duration. One without a day is invalid.
    arrayFirst(
        candidate -> length(candidate) >= 10 AND substring(candidate, 3, 1) != ':',
        [known.`@timestamp`, known.timestamp, known.time, known.date, known.ts]
    ) AS moment_text,
    if(
        known.fluent_time != '',
        fromUnixTimestamp64Micro(intDiv(toInt64OrNull(known.fluent_time), 1000), 'UTC'),
        {{moment_of_text(moment_text)}}
    ) AS moment,
    CAST(
        (
            known.environment,
            -- docs/naming.md has the rule.
            arrayFirst(
                named -> named != '',
                [
                    known.gateway,
                    {{gateway_of_pod(pod; namespace)}},
                    known.`service.name`,
                    -- Filebeat's and ECS' is an object. One that has a host is behind the gateway.
                    multiIf(
                        NOT startsWith(known.service, '{'), known.service,
                        JSONHas(known.service, 'host'), '',
                        JSONExtractString(known.service, 'name')
                    ),
                    {{service_of_container(container_name)}}
                ]
            ),
            arrayFirst(
                named -> named != '',
                [
                    known.instance, pod, container_name, known.hostname, known._HOSTNAME,
                    -- Filebeat's and ECS' is an object.
                    startsWith(known.host, '{') ? JSONExtractString(known.host, 'name') : known.host
                ]
            ),
            container = 'istio-proxy',
            arrayFirst(named -> named != '', [known.trace_id, known.traceId, known.`trace.id`]),
            arrayFirst(named -> named != '', [known.span_id, known.spanId, known.`span.id`]),
            known.logger,
            known.kind,
            multiIf(
                level IN ('info', 'information', 'informational', 'notice', '30', '6', '5'), 'INFO',
                level IN ('error', 'err', 'severe', '50', '3'), 'ERROR',
                level IN ('warn', 'warning', '40', '4'), 'WARN',
                level IN ('debug', '20', '7'), 'DEBUG',
                level IN ('trace', 'verbose', '10'), 'TRACE',
                level IN ('critical', 'crit', 'fatal', 'alert', 'emerg', 'emergency', 'panic', 'dpanic', '60', '2', '1', '0'),
                    'FATAL',
                upper(level)
            ),
            mapConcat(
                mapFilter(
                    (name, value) -> value != '' AND name NOT IN (
                        'message', 'msg', 'MESSAGE', 'body', 'level', 'severity', 'severity_text', 'log.level',
                        'loglevel', 'levelname', 'PRIORITY', 'otel.log.severity.text', 'environment', 'gateway',
                        'instance', 'trace_id', 'traceId', 'trace.id', 'span_id', 'spanId', 'span.id', 'kubernetes',
                        'stream', 'fluent_tag', 'fluent_time', 'logger', 'kind'
                    )
                    AND NOT (name = 'log' AND log_object = '')
                    AND NOT (name IN ('short_message', 'full_message') AND startsWith(text, value)),
                    attributes
                ),
                map(
                    'fluent.tag', known.fluent_tag,
                    'logger', known.logger,
                    'kind', known.kind,
                    'log.iostream', attributes['stream'],
                    'k8s.pod.name', pod,
                    'k8s.namespace.name', namespace,
                    'k8s.container.name', container,
                    'k8s.node.name', firstNonDefault(of_pod.host, of_pod.node.name, of_pod.pod_node_name)
                )
            )
        ),
        'Tuple(
            environment String, gateway String, instance String, is_sidecar Bool, trace_id String,
            span_id String, logger String, kind String, severity String, attributes Map(String, String))'
    ) AS who
FROM ({{inner}})
