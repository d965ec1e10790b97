-- Flex Gateway's records and lines: a message of the Message Logging policy about a response becomes a request, all
-- others are logs. One from before the response does not: it would be counted twice.
SELECT
    multiIf(problem != '', 'dead_letters', is_access, 'requests', 'logs') AS destination,
    problem AS reason,
    problem != '' ? line : '' AS raw,
    peer,
    is_access ? '' : transform(
        lower(parts[3] != '' ? parts[3] : known.level),
        ['warning', 'critical'],
        ['WARN', 'FATAL'],
        upper(parts[3] != '' ? parts[3] : known.level)
    ) AS severity,
    multiIf(is_access OR problem != '', '', message != '', message, line) AS body,
    believed ? claimed : received_at AS time,
    arrayFirst(
        named -> named != '',
        [event.environment, known.environment, toString(payload_environment), {{default_environment}}]
    ) AS environment,
    'flex' AS gateway_kind,
    arrayFirst(
        named -> named != '',
        [
            event.gateway,
            known.gateway,
            {{gateway_of_pod(known.kubernetes.pod_name; known.kubernetes.namespace_name)}},
            toString(payload_gateway),
            'flex'
        ]
    ) AS gateway,
    arrayFirst(
        named -> named != '',
        [
            event.instance, known.kubernetes.pod_name, parts[5], known.hostname, known._HOSTNAME, event.hostId,
            toString({{instance_of_peer(peer)}})
        ]
    ) AS instance,
    'gateway' AS reporter,
    NOT is_access ? '' : arrayFirst(
        named -> named NOT IN ('', '-'),
        [
            event.apiName, event.apiInstanceName, api_tag, event.upstream_cluster,
            status = 404 ? '' : {{first_path_segment(path)}}
        ]
    ) AS api,
    event.apiVersion != '' ? event.apiVersion : {{version_in_path(path)}} AS api_version,
    event.apiId AS api_id,
    multiIf(
        event.route != '', event.route,
        flags = 'NR', '',
        {{route_template(path)}}
    ) AS route,
    upper(event.method) AS method,
    path,
    ifNull(code, 0) AS status,
    CAST(NULL, 'Nullable(UInt8)') AS grpc_status,
    flags AS response_flags,
    multiIf(
        NOT is_access, '',
        outcome != '' OR flags IN ('RL', 'RLSE', 'UAEX'), 'policy',
        flags IN ('NR', 'NC', 'NFCF'), 'config',
        flags = 'DC', 'client',
        flags != '' OR code >= 500, 'backend',
        -- It passed the policies: even 401 or 429 is the backend's answer to the client.
        code >= 400 OR code = 0, 'client',
        ''
    ) AS fault,
    event.violation.policyName AS policy,
    outcome AS policy_outcome,
    arrayFirst(
        named -> named NOT IN ('', '-'),
        [event.clientName, event.violation.clientName, event.clientId, event.violation.clientId]
    ) AS consumer,
    {{address_without_port(client)}} AS client_address,
    event.userAgent != '' ? event.userAgent : event.user_agent AS user_agent,
    event.upstream_cluster = '-' ? '' : event.upstream_cluster AS upstream,
    event.upstream_host = '-' ? '' : event.upstream_host AS upstream_address,
    replied >= started ? toUInt64(dateDiff('microsecond', started, replied)) : took_us AS duration_us,
    upstream_took_us AS upstream_us,
    ifNull(received_bytes, 0) AS request_bytes,
    ifNull(sent_bytes, 0) AS response_bytes,
    event.protocol AS protocol,
    NOT is_access ? '' : arrayFirst(candidate -> candidate != '', [event.reqId, event.request_id, request_tag]) AS request_id,
    event.traceId != '' ? event.traceId : event.trace_id AS trace_id,
    '' AS span_id,
    mapFilter(
        (name, value) -> value != '',
        is_access
            ? map(
                'server.address', event.host != '' ? event.host : event.authority,
                'claimed_time', believed ? '' : toString(claimed)
            )
            : mapConcat(
                mapFilter(
                    (name, value) -> name NOT IN (
                        'log', 'message', 'MESSAGE', 'level', 'logger', 'kind', 'timestamp', 'date', 'time', 'environment',
                        'gateway', 'hostname', '_HOSTNAME', 'PRIORITY', 'stream', 'fluent_tag', 'fluent_time', 'kubernetes'
                    ),
                    JSONExtract(line, 'Map(String, String)')
                ),
                map(
                    'fluent.tag', known.fluent_tag,
                    'log.iostream', known.stream,
                    'k8s.pod.name', known.kubernetes.pod_name,
                    'k8s.namespace.name', known.kubernetes.namespace_name,
                    'k8s.container.name', known.kubernetes.container_name,
                    'k8s.node.name', known.kubernetes.host,
                    'flex.component', known.logger != '' ? known.logger : parts[2],
                    'flex.kind', multiIf(
                        position(policy_line[2], '[accessLog]') > 0, 'accessLog',
                        known.kind != '', known.kind,
                        parts[4]
                    ),
                    'flex.policy', extract(policy_line[2], '\\[policy: ([^\\]]*)\\]'),
                    'flex.api', api_tag,
                    'flex.request_id', request_tag,
                    'claimed_time', believed ? '' : toString(claimed)
                )
            )
    ) AS attributes,
    {{format}} AS format,
    {{segment_id}} AS segment_id,
    received_at AS ingested_at
FROM ({{inner}})
