-- The lines of text payloads. The body must not survive beside the lines: it would be copied for each of them.
SELECT
    received_at,
    payload_environment,
    payload_gateway,
    peer,
    arrayJoin(splitByChar('\n', body)) AS line
FROM ({{inner}})
WHERE line NOT IN ('', '\r')
