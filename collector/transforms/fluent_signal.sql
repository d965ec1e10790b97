-- Metrics and traces in Fluent Bit's own encodings, each payload one dead letter: they are known by their envelope alone.
SELECT
    'dead_letters' AS destination,
    'metrics or traces in an encoding of Fluent Bit alone; send them by its output opentelemetry or prometheus_remote_write' AS reason,
    body AS raw,
    peer,
    if(payload_environment != '', payload_environment, {{default_environment}}) AS environment,
    {{format}} AS format,
    {{segment_id}} AS segment_id,
    received_at AS ingested_at
FROM ({{inner}})
