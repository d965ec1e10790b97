-- What a policy puts before its message, the Message Logging policy among them: where it stands, and tags in any order.
--   wasm log <policy>.default.<api>.default.svc main: [req: <id>] [accessLog] message
--   wasm log <policy>.<api> main: [policy: <policy>][api: <api>.default.svc][req: <id>] message
-- What is left is the message: free text, JSON under the names of the policy's variables, as deploy/gateways/flex has it,
-- or an access log under Envoy's names.
SELECT
    received_at,
    payload_environment,
    payload_gateway,
    peer,
    line,
    known,
    parts,
    match(parts[6], '^(?:wasm log |\\[(?:req: |accessLog\\]))')
        ? extractGroups(parts[6], '(?s)^(?:wasm log (.*?) ?main: ?)?((?:\\[(?:[a-zA-Z_-]+: [^\\]]*|accessLog)\\]\\s*)*)(.*)$')
        : ['', '', parts[6]] AS policy_line,
    trimRight(policy_line[3]) AS message,
    JSONExtract(startsWith(message, '{') ? message : '', 'Tuple(
        environment String, gateway String, instance String, apiId String, apiName String, apiInstanceName String,
        apiVersion String, receivedTs String, repliedTs String, hostId String, remoteAddress String, method String,
        requestPath String, reqId String, requestDisposition String, statusCode String, clientId String,
        clientName String, userAgent String, requestBytes String, responseBytes String, host String, protocol String,
        traceId String, route String,
        violation Tuple(clientId String, clientName String, policyName String, violationType String),
        start_time String, path String, response_code String, response_flags String, bytes_received String,
        bytes_sent String, duration String, upstream_service_time String, x_forwarded_for String, user_agent String,
        request_id String, authority String, upstream_host String, upstream_cluster String,
        downstream_remote_address String, trace_id String)') AS event
FROM ({{inner}})
