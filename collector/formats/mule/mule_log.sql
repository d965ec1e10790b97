-- Mule's logs: API analytics events become requests, anything else a row of logs.
SELECT
    multiIf(problem != '', 'dead_letters', is_event, 'requests', 'logs') AS destination,
    problem AS reason,
    if(problem != '', record, '') AS raw,
    peer,
    if(is_event, '', level) AS severity,
    multiIf(is_event, '', stack_trace = '', message, concat(message, '\n', stack_trace)) AS body,
    believed ? claimed : received_at AS time,
    multiIf(
        named_environment != '', named_environment,
        payload_environment != '', toString(payload_environment),
        {{default_environment}}
    ) AS environment,
    'mule' AS gateway_kind,
    if(payload_gateway != '', payload_gateway, 'mule') AS gateway,
    multiIf(event.host_id != '', event.host_id, host != '', host, toString({{instance_of_peer(peer)}})) AS instance,
    'gateway' AS reporter,
    multiIf(
        event.api_name != '', event.api_name,
        first_part != '', first_part,
        concat('api-', event.api_version_id)
    ) AS api,
    if(event.api_version != '', event.api_version, {{version_in_path(requested)}}) AS api_version,
    event.api_version_id AS api_id,
    {{route_template(requested)}} AS route,
    upper(event.verb) AS method,
    requested AS path,
    ifNull(code, 0) AS status,
    CAST(NULL, 'Nullable(UInt8)') AS grpc_status,
    '' AS response_flags,
    multiIf(
        policy != '', 'policy',
        lower(event.request_disposition) NOT IN ('', 'processed'), 'policy',
        code >= 500, 'backend',
        code >= 400, 'client',
        ''
    ) AS fault,
    policy,
    policy_outcome,
    if(event.application_name != '', event.application_name, event.client_id) AS consumer,
    {{address_without_port(trim(splitByChar(',', event.client_ip)[1]))}} AS client_address,
    event.user_agent AS user_agent,
    '' AS upstream,
    '' AS upstream_address,
    if(replied >= received, toUInt64(dateDiff('microsecond', received, replied)), NULL) AS duration_us,
    CAST(NULL, 'Nullable(UInt64)') AS upstream_us,
    ifNull(received_bytes, 0) AS request_bytes,
    ifNull(sent_bytes, 0) AS response_bytes,
    '' AS protocol,
    if(event.transaction_id != '', event.transaction_id, event.event_id) AS request_id,
    if(context['trace_id'] != '', context['trace_id'], context['traceId']) AS trace_id,
    if(context['span_id'] != '', context['span_id'], context['spanId']) AS span_id,
    mapFilter(
        (name, value) -> value != '',
        if(
            is_event,
            map(
                'mule.api_id', event.api_id,
                'mule.event_id', event.event_id,
                'mule.organization_id', event.org_id,
                'mule.policy_id', event.policy_violation.policy_id,
                'mule.request_disposition', event.request_disposition,
                'mule.deployment_type', event.deployment_type,
                'claimed_time', believed ? '' : toString(claimed)
            ),
            mapUpdate(own_context, mapConcat(envelope_fields, logger_fields, map(
                'logger.name', logger,
                'thread.name', thread,
                'exception.type', exception_type,
                'mule.application', logger_fields['mule.application'] != ''
                    ? logger_fields['mule.application']
                    : extract(thread, ': \\[([^\\[\\]]+)\\]\\.'),
                'mule.correlation_id', correlation_id,
                'mule.processor_path', processor_path,
                'claimed_time', believed ? '' : toString(claimed)
            )))
        )
    ) AS attributes,
    {{format}} AS format,
    {{segment_id}} AS segment_id,
    received_at AS ingested_at
FROM
(
    SELECT
        *,
        {{believed(claimed)}} AS believed,
        multiIf(
            is_event, multiIf(
                event.received_ts = '', 'not an analytics event of Mule',
                received IS NULL, 'received_ts is not a time',
                replied IS NULL, if(event.replied_ts = '', '', 'replied_ts is not a time'),
                code IS NULL, 'status_code is not a number',
                -- -1 where Mule does not know.
                received_bytes IS NULL AND event.request_bytes NOT IN ('', '-1'), 'request_bytes is not a number',
                sent_bytes IS NULL AND event.response_bytes NOT IN ('', '-1'), 'response_bytes is not a number',
                ''
            ),
            level != '', if(logged IS NULL, 'the time is not a time', ''),
            match(record, '^(?:\\s|Caused by: |\\.\\.\\. )'), 'goes on with a message whose beginning is not in the payload',
            'neither a Mule log line nor an analytics event'
        ) AS problem
    FROM
    (
        SELECT
            *,
            ifNull(is_event ? received : logged, received_at) AS claimed,
            cutQueryStringAndFragment(trimRight(event.path)) AS requested,
            toUInt16OrNull(event.status_code) AS code,
            toUInt64OrNull(event.request_bytes) AS received_bytes,
            toUInt64OrNull(event.response_bytes) AS sent_bytes,
            if(
                event.policy_violation.policy_name != '',
                event.policy_violation.policy_name,
                event.policy_violation.policy_id
            ) AS policy,
            lower(event.policy_violation.outcome) AS policy_outcome,
            {{first_path_segment(requested)}} AS first_part
        FROM
        (
            SELECT
                *,
                parseDateTime64BestEffortOrNull(event.received_ts, 6, 'UTC') AS received,
                parseDateTime64BestEffortOrNull(event.replied_ts, 6, 'UTC') AS replied
            FROM ({{inner}})
        )
    )
)
