-- From what an access log says to the columns of requests: the same for every gateway that tells it in Envoy's terms.
WITH
    ifNull(started, received_at) AS claimed,
    claimed BETWEEN received_at - INTERVAL {{retention_days}} DAY AND received_at + INTERVAL 10 MINUTE AS believed,
    if(upstream_cluster = '-', '', upstream_cluster) AS cluster,
    splitByChar('|', cluster) AS cluster_parts,
    splitByChar('~', node_id) AS node_parts,
    length(cluster_parts) = 4 OR length(node_parts) = 4 AS in_mesh,
    if(length(node_parts) = 4, node_parts[3], '') AS workload,
    multiIf(
        NOT in_mesh, '',
        length(cluster_parts) = 4 AND cluster_parts[4] != '', cluster_parts[4],
        startsWith(requested_server_name, 'outbound_.'), splitByString('_.', requested_server_name)[-1],
        splitByChar(':', authority)[1]
    ) AS service_host,
    arrayStringConcat(arraySlice(splitByChar('.', service_host), 1, 2), '.') AS service,
    multiIf(in_mesh, '', cluster != '', cluster, route_name NOT IN ('-', 'default'), route_name, '') AS api_name,
    arrayFirst(
        part -> part NOT IN ('', 'api', 'apis', 'rest', 'public') AND NOT match(part, '^v[0-9]+$'),
        splitByChar('/', path)
    ) AS base_path,
    if(response_flags = '', [], splitByChar(',', response_flags)) AS flag_list
SELECT
    multiIf(problem != '', 'dead_letters', is_connection, 'logs', 'requests') AS destination,
    problem AS reason,
    if(problem != '', record, '') AS raw,
    peer,
    if(is_connection, 'INFO', '') AS severity,
    if(is_connection, record, '') AS body,
    believed ? claimed : received_at AS time,
    if(environment != '', environment, {{default_environment}}) AS environment,
    if(in_mesh, 'mesh', default_kind) AS gateway_kind,
    multiIf(
        named_gateway != '', named_gateway,
        node_cluster != '', node_cluster,
        workload != '', workload,
        reporter = 'destination' AND service != '', service,
        gateway_kind
    ) AS gateway,
    multiIf(workload != '', workload, node_id != '', node_id, toString(peer)) AS instance,
    multiIf(NOT in_mesh, 'gateway', startsWith(cluster, 'inbound|'), 'destination', 'source') AS reporter,
    multiIf(
        named_api != '', named_api,
        service != '', service,
        api_name != '', replaceRegexpOne(api_name, '[-_.]v[0-9]+$', ''),
        status != 404, base_path,
        ''
    ) AS api,
    multiIf(
        named_api_version != '', named_api_version,
        length(cluster_parts) = 4, cluster_parts[3],
        extract(api_name, '[-_.](v[0-9]+)$')
    ) AS api_version,
    '' AS api_id,
    multiIf(
        named_route != '', named_route,
        api = '', '',
        arrayStringConcat(
            arrayMap(
                part -> if(match(part, '^[0-9]+$|[0-9].*[0-9].*[0-9]|@|^[0-9a-fA-F]{16,}$'), '{id}', part),
                splitByChar('/', path)
            ),
            '/'
        )
    ) AS route,
    if(method = '-', '', method) AS method,
    cutQueryString(if(url = '-', '', url)) AS path,
    ifNull(code, 0) AS status,
    grpc_status,
    if(flags = '-', '', flags) AS response_flags,
    multiIf(
        response_flags = '' AND status BETWEEN 100 AND 399, '',
        hasAny(flag_list, ['RL', 'RLSE', 'UAEX']), 'policy',
        hasAny(flag_list, ['NR', 'NC', 'NFCF']), 'config',
        hasAny(flag_list, ['UH', 'UF', 'UC', 'UR', 'UT', 'UO', 'URX', 'LR', 'LH', 'DF', 'UPE', 'UMSDR']), 'backend',
        hasAny(flag_list, ['DC', 'DPE', 'IH', 'SI']), 'client',
        policy != '' OR status IN (401, 403, 429), 'policy',
        status >= 500, 'backend',
        status >= 400 OR status = 0, 'client',
        ''
    ) AS fault,
    multiIf(
        response_flags = '' AND status BETWEEN 100 AND 399, '',
        has(flag_list, 'RL'), 'rate-limit',
        has(flag_list, 'RLSE'), 'rate-limit-service',
        has(flag_list, 'UAEX'), 'external-authorization',
        startsWith(details, 'rbac_access_denied'), 'rbac',
        startsWith(details, 'jwt_authn'), 'jwt',
        position(details, 'api_key') > 0, 'api-key',
        ''
    ) AS policy,
    multiIf(policy = '', '', policy = 'rate-limit-service', 'error', 'violation') AS policy_outcome,
    if(consumer = '-', '', consumer) AS consumer,
    replaceRegexpOne(
        if(forwarded_for NOT IN ('', '-'), splitByChar(',', forwarded_for)[1], downstream_address),
        '^\\[?([^\\]]*?)\\]?(:[0-9]+)?$',
        '\\1'
    ) AS client_address,
    if(user_agent = '-', '', user_agent) AS user_agent,
    cluster AS upstream,
    if(upstream_host = '-', '', upstream_host) AS upstream_address,
    ifNull(took_us, 0) AS duration_us,
    upstream_took_us AS upstream_us,
    request_bytes,
    response_bytes,
    if(protocol = '-', '', protocol) AS protocol,
    if(request_id = '-', '', request_id) AS request_id,
    if(trace_id = '-', '', trace_id) AS trace_id,
    '' AS span_id,
    mapFilter(
        (name, value) -> value NOT IN ('', '-'),
        map(
            'server.address', authority,
            'envoy.response_code_details', if(details = 'via_upstream', '', details),
            'envoy.connection_termination_details', termination_details,
            'envoy.upstream_transport_failure_reason', failure_reason,
            'claimed_time', believed ? '' : toString(claimed)
        )
    ) AS attributes,
    {{format}} AS format,
    {{segment_id}} AS segment_id,
    received_at AS ingested_at
FROM ({{inner}})
