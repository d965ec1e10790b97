-- Flex Gateway's records as Fluent Bit sends them, from its own outputs, a container's output or the journal, and its lines
-- as text. `fluent_tag` and `fluent_time` (nanoseconds) are what the Forward port adds.
SELECT
    received_at,
    payload_environment,
    payload_gateway,
    peer,
    line,
    JSONExtract(line, 'Tuple(
        log String, message String, MESSAGE String, level String, logger String, kind String, timestamp String,
        date String, time String, stream String, environment String, gateway String, hostname String, _HOSTNAME String,
        fluent_tag String, fluent_time String,
        kubernetes Tuple(
            pod_name String, namespace_name String, container_name String, host String
        ))') AS known,
    -- Only what looks like JSON can be a damaged record; anything else is text.
    trimRight(
        startsWith(line, '{')
            ? arrayFirst(text -> text != '', [known.log, known.message, known.MESSAGE])
            : toValidUTF8(line),
        '\r\n'
    ) AS text
FROM ({{inner}})
