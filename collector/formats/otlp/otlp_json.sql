-- OTLP's JSON as the message that Protobuf would have been. https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
-- What is no JSON at all fails the segment, and so becomes a dead letter of its own.
SELECT
    received_at,
    payload_environment,
    payload_gateway,
    peer,
    CAST(CAST(JSONExtract(text, {{json_type}}), {{unnamed_type}}), {{message_type}}) AS body
FROM
(
    SELECT
        received_at,
        payload_environment,
        payload_gateway,
        peer,
        body AS text,
        throwIf(NOT isValidJSON(body), 'not JSON') AS checked
    FROM ({{inner}})
)
WHERE checked = 0
