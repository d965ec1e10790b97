-- From what an access log says to the columns of requests: the same for every gateway that logs in Envoy's terms.
-- The steps below it, access_policy, access_topology and access_cleaned, are queries of their own because an alias is
-- planned anew wherever it stands: as one query, planning alone took 120 ms a segment.
-- Conditions stand in each other here and below, instead of side by side with AND and OR: for each of those, planning hashes
-- all the queries below once more (docs/decisions/0018-frames-and-planning.md).
SELECT
    multiIf(problem != '', 'dead_letters', is_log, 'logs', 'requests') AS destination,
    problem AS reason,
    if(problem != '', {{record_alone}}, '') AS raw,
    peer,
    if(is_log, severity_of_log, '') AS severity,
    trimRight(toValidUTF8(if(is_log, {{record_alone}}, '')), '\r\n') AS body,
    believed ? claimed : received_at AS time,
    environment,
    if(in_mesh, 'mesh', default_kind) AS gateway_kind,
    -- docs/naming.md has the rule.
    multiIf(
        named_gateway != '', named_gateway,
        gateway_of_node != '', gateway_of_node,
        node_cluster != '', node_cluster,
        if(is_inbound, service != '', 0), service,
        gateway_kind != '', gateway_kind,
        instance
    ) AS gateway,
    multiIf(pod_of_node != '', pod_of_node, node_id != '', node_id, toString({{instance_of_peer(peer)}})) AS instance,
    multiIf(NOT in_mesh, 'gateway', is_inbound, 'destination', 'source') AS reporter,
    api,
    multiIf(
        named_api_version != '', named_api_version,
        in_mesh, subset,
        toString(extract(api_name, '[-_.](v[0-9]+)$'))
    ) AS api_version,
    '' AS api_id,
    multiIf(
        named_route != '', named_route,
        api = '', '',
        {{route_template(path)}}
    ) AS route,
    method,
    path,
    status,
    grpc_status,
    response_flags,
    multiIf(
        went_well, '',
        hasAny(flag_list, ['RL', 'RLSE', 'UAEX']), 'policy',
        hasAny(flag_list, ['NR', 'NC', 'NFCF']), 'config',
        hasAny(flag_list, ['UH', 'UF', 'UC', 'UR', 'UT', 'UO', 'URX', 'LR', 'LH', 'DF', 'UPE', 'UMSDR']), 'backend',
        hasAny(flag_list, ['DC', 'DR', 'DPE', 'IH', 'SI']), 'client',
        policy != '', 'policy',
        status IN (401, 403, 429), 'policy',
        status >= 500, 'backend',
        status >= 400, 'client',
        if(is_status_unknown, 0, status = 0), 'client',
        ''
    ) AS fault,
    policy,
    multiIf(policy = '', '', policy = 'rate-limit-service', 'error', 'violation') AS policy_outcome,
    consumer,
    multiIf(
        -- A client of a Unix socket has no address.
        client = '-', '',
        startsWith(client, 'unix:'), '',
        startsWith(client, '['), extract(client, '^\\[([^\\]]*)'),
        -- More than one colon and no brackets: IPv6 without a port.
        countSubstrings(client, ':') = 1, substringIndex(client, ':', 1),
        client
    ) AS client_address,
    user_agent,
    cluster AS upstream,
    upstream_address,
    duration_us,
    upstream_us,
    request_bytes,
    response_bytes,
    protocol,
    request_id,
    trace_id,
    span_id,
    {{before_extra}}if(
        if(is_log, notEmpty(log_attributes), 0),
        log_attributes,
        mapFilter(
            (name, value) -> value NOT IN ('', '-'),
            {{before_attributes}}map(
                'server.address', authority,
                'envoy.response_code_details', toString(details),
                'envoy.connection_termination_details', termination_details,
                'envoy.upstream_transport_failure_reason', failure_reason,
                'claimed_time', believed ? '' : toString(claimed),
                'gatelens.doubt', multiIf(
                    is_log, '',
                    problem != '', '',
                    doubt != '', if(is_untimed, concat(doubt, ',no_time'), doubt),
                    is_untimed, 'no_time',
                    if(is_status_unknown, response_flags = '', 0), 'no_status',
                    -- Times are rounded, and those of several upstreams added up: so much is no contradiction.
                    ifNull(upstream_us > duration_us + 5000, 0), 'upstream_longer_than_request',
                    ''
                )
            ){{after_attributes}}
        )
    ){{after_extra}} AS attributes,
    {{format}} AS format,
    {{segment_id}} AS segment_id,
    received_at AS ingested_at
FROM ({{inner}})
