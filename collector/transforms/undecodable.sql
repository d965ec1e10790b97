-- Payloads that the engine cannot split into records, each one dead letter.
SELECT
    'dead_letters' AS destination,
    'the payload cannot be decoded, or takes too much memory' AS reason,
    body AS raw,
    peer,
    if(payload_environment != '', payload_environment, {{default_environment}}) AS environment,
    {{format}} AS format,
    {{segment_id}} AS segment_id,
    received_at AS ingested_at
FROM ({{inner}})
