-- Requests of one stretch of time, in the order of time; the same for the same numbers. Forty APIs, some of them far
-- busier than others, at four gateways of three kinds and in a mesh, where both sidecars of a call tell of it.
INSERT INTO requests
(
    time, environment, gateway_kind, gateway, instance, reporter, api, api_version, api_id, route, method, path, status,
    response_flags, fault, policy, policy_outcome, consumer, client_address, user_agent, upstream, upstream_address,
    duration_us, upstream_us, request_bytes, response_bytes, protocol, request_id, trace_id, span_id, format,
    segment_id, ingested_at
)
WITH
    number + {first:UInt64} AS n,
    cityHash64(n, {seed:UInt64}) AS h,
    cityHash64(h) AS h2,
    (h % 65521) / 65521 AS u,
    toUInt8(40 * u * u) AS api_number,
    ['edge', 'edge', 'edge', 'inner', 'flex-1', 'flex-1', 'mule-1', 'mule-1', 'mesh', 'mesh'][api_number % 10 + 1] AS of,
    toUInt8(bitShiftRight(h, 16) % 144) AS r,
    toUInt8(floor(sqrt(r))) AS route_number,
    toUInt32(bitShiftRight(h, 24) % 250000) AS c,
    toUInt16(floor(sqrt(c))) AS consumer_number,
    bitShiftRight(h, 42) % 10000 AS luck,
    -- Of the normal distribution, by Box and Muller.
    sqrt(-2 * log(((h2 % 1000000) + 1) / 1000001)) * cos(6.283185307 * (bitShiftRight(h2, 20) % 1000000) / 1000000) AS z,
    toUInt64(20000 * (1 + route_number / 4) * exp(0.7 * z)) AS took_us,
    -- In the last hour the upstream of one API does not answer.
    api_number = 7 AND {is_last:Bool} AND luck < 6000 AS is_dead,
    multiIf(is_dead, 503, luck < 40, 500, luck < 60, 503, luck < 65, 0, luck < 165, 404, luck < 265, 429, luck < 315, 401,
        luck < 500, 302, 200) AS answered
SELECT
    addMicroseconds({start:DateTime64(6, 'UTC')}, toInt64(number * ({microseconds:Float64} / {requests:UInt64}))) AS at,
    if(bitShiftRight(h, 8) % 5 = 0, 'staging', 'production'),
    multiIf(of IN ('edge', 'inner'), 'envoy', of = 'flex-1', 'flex', of = 'mule-1', 'mule', 'mesh'),
    if(of = 'mesh', concat('svc-', toString(api_number)), of),
    concat(of, '-', toString(bitShiftRight(h, 12) % 4)),
    arrayJoin(if(of = 'mesh', ['source', 'destination'], ['gateway'])),
    concat('api-', toString(api_number)),
    if(bitShiftRight(h, 30) % 4 = 0, 'v2', 'v1'),
    toString(1000 + api_number),
    concat('/api-', toString(api_number), '/things-', toString(route_number), '/{id}'),
    ['GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE'][bitShiftRight(h, 33) % 6 + 1],
    concat('/api-', toString(api_number), '/things-', toString(route_number), '/', toString(bitShiftRight(h2, 44))),
    answered,
    multiIf(is_dead, 'UF', answered = 503, 'UH', answered = 0, 'DC', answered = 429, 'RL', ''),
    multiIf(answered IN (500, 503), 'backend', answered IN (429, 401), 'policy', answered IN (0, 404), 'client', ''),
    multiIf(answered = 429, 'rate-limit', answered = 401, 'client-id', ''),
    if(answered IN (429, 401), 'violation', ''),
    if(bitShiftRight(h2, 40) % 20 = 0, '', concat('app-', toString(consumer_number))),
    concat('10.', toString(bitShiftRight(h2, 48) % 8), '.', toString(bitShiftRight(h2, 52) % 256), '.',
        toString(consumer_number % 250)),
    ['curl/8.5', 'okhttp/4.12', 'python-requests/2.32', 'Go-http-client/2.0', 'Mozilla/5.0 Firefox/140.0'][h2 % 5 + 1],
    concat('service-', toString(api_number)),
    concat('10.9.', toString(api_number), '.', toString(bitShiftRight(h2, 36) % 3), ':8080'),
    if(bitShiftRight(h2, 30) % 50 = 0, NULL, took_us),
    if(answered IN (429, 401, 0) OR bitShiftRight(h2, 30) % 25 = 0, NULL,
        toUInt64(took_us * (0.8 + 0.1 * (h2 % 16) / 16))),
    100 + bitShiftRight(h2, 10) % 4000,
    200 + bitShiftRight(h2, 22) % 30000,
    if(bitShiftRight(h2, 5) % 4 = 0, 'HTTP/1.1', 'HTTP/2'),
    hex(sipHash128(n, {seed:UInt64}, 'request')),
    if(bitShiftRight(h2, 15) % 10 < 7, hex(sipHash128(n, {seed:UInt64}, 'trace')), ''),
    '',
    'envoy_json',
    {segment:String},
    at
FROM numbers({requests:UInt64})
SETTINGS max_threads = 2, max_insert_threads = 1, max_block_size = 65409, min_insert_block_size_rows = 262144,
    min_insert_block_size_bytes = 0, throw_on_max_partitions_per_insert_block = 0
