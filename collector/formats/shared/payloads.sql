-- The payloads of a segment.
SELECT
    fromUnixTimestamp64Micro(toInt64(received_at), 'UTC') AS received_at,
    environment AS payload_environment,
    gateway AS payload_gateway,
    peer,
    body
FROM file({{path}}, Protobuf, 'received_at UInt64, environment LowCardinality(String), gateway LowCardinality(String), peer LowCardinality(String), body {{body_type}}')
