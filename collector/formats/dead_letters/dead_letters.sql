-- Payloads that are not split into records: each is one dead letter.
SELECT
    'dead_letters' AS destination,
    {{reason}} AS reason,
    body AS raw,
    peer,
    if(payload_environment != '', payload_environment, {{default_environment}}) AS environment,
    payload_gateway AS gateway,
    {{format}} AS format,
    {{segment_id}} AS segment_id,
    received_at AS ingested_at
FROM ({{inner}})
