-- What an access log says, cleaned: nothing is '' instead of '-', and the clock is believed or not.
-- What few words recur in is made LowCardinality, so that its functions run once a word instead of once a row. Clients may
-- send any bytes; what is stored is text.
SELECT
    received_at,
    ifNull(started, received_at) AS claimed,
    {{believed(claimed)}} AS believed,
    started IS NULL AS is_untimed,
    {{doubt}} AS doubt,
    toValidUTF8(toLowCardinality(if(environment != '', environment, {{default_environment}}))) AS environment,
    default_kind,
    toValidUTF8(toLowCardinality(named_gateway)) AS named_gateway,
    toValidUTF8(toLowCardinality(node_id)) AS node_id,
    toValidUTF8(toLowCardinality(node_cluster)) AS node_cluster,
    peer,
    problem,
    record,
    is_log,
    severity_of_log,
    log_attributes,
    toValidUTF8(toLowCardinality(if(upstream_cluster = '-', '', upstream_cluster))) AS cluster,
    toValidUTF8(toLowCardinality(if(route_name IN ('-', 'default'), '', route_name))) AS route_name,
    toValidUTF8(toLowCardinality(requested_server_name)) AS server_name,
    toValidUTF8(if(authority = '-', '', authority)) AS authority,
    toValidUTF8(toLowCardinality(if(method = '-', '', method))) AS method,
    toValidUTF8(cutQueryStringAndFragment(if(url = '-', '', url))) AS path,
    toValidUTF8(toLowCardinality(if(protocol = '-', '', protocol))) AS protocol,
    ifNull(code, 0) AS status,
    code IS NULL AS is_status_unknown,
    -- Its number, or its name as Envoy writes it: DeadlineExceeded or DEADLINE_EXCEEDED.
    toUInt8OrNull(transform(
        lower(replaceAll(toLowCardinality(grpc_status), '_', '')),
        [
            'ok', 'canceled', 'cancelled', 'unknown', 'invalidargument', 'deadlineexceeded', 'notfound', 'alreadyexists',
            'permissiondenied', 'resourceexhausted', 'failedprecondition', 'aborted', 'outofrange', 'unimplemented',
            'internal', 'unavailable', 'dataloss', 'unauthenticated'
        ],
        ['0', '1', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12', '13', '14', '15', '16']
    )) AS grpc_status,
    toValidUTF8(toLowCardinality(if(flags = '-', '', flags))) AS response_flags,
    if(response_flags = '', intDiv(status, 100) IN (1, 2, 3), 0) AS went_well,
    toValidUTF8(toLowCardinality(if(details = 'via_upstream', '', details))) AS details,
    toValidUTF8(termination_details) AS termination_details,
    toValidUTF8(failure_reason) AS failure_reason,
    toValidUTF8(if(consumer = '-', '', consumer)) AS consumer,
    toValidUTF8(if(forwarded_for NOT IN ('', '-'), trimBoth(substringIndex(forwarded_for, ',', 1)), downstream_address)) AS client,
    toValidUTF8(toLowCardinality(if(user_agent = '-', '', user_agent))) AS user_agent,
    toValidUTF8(toLowCardinality(if(upstream_host = '-', '', replaceOne(upstream_host, 'tcp://', '')))) AS upstream_address,
    took_us AS duration_us,
    upstream_took_us AS upstream_us,
    request_bytes,
    response_bytes,
    toValidUTF8(if(request_id = '-', '', request_id)) AS request_id,
    toValidUTF8(if(trace_id = '-', '', trace_id)) AS trace_id,
    span_id,
    toValidUTF8(toLowCardinality(named_api)) AS named_api,
    toValidUTF8(toLowCardinality(named_api_version)) AS named_api_version,
    toValidUTF8(toLowCardinality(named_route)) AS named_route
FROM ({{inner}})
