-- The records of Mule's logs: a line that begins one and the lines that belong to it, such as a stack trace or the rest of a
-- JSON object. The body must not survive beside them: it would be copied for each.
SELECT
    * EXCEPT joined,
    trimRight(joined, '\r\n') AS record,
    -- Of JsonLayout's array of objects, what stands between them is left out.
    toValidUTF8(match(record, '^(?:, )?\\{') ? trimLeft(trimRight(record, ', ]\r\n'), ', ') : record) AS said
FROM
(
    SELECT
        * EXCEPT lines,
        arrayStringConcat(
            arrayJoin(
                arraySplit(
                    (line, before) -> match(
                        line,
                        '^(?:(?:, )?\\{|(?:(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL) +)?\\d{4}-\\d\\d-\\d\\d[ T]|com\\.mulesoft\\.)'
                    )
                    -- Nothing belongs to an object that is closed.
                    OR match(before, '^(?:(?:, )?\\{.*)?\\}[,\\s]*$'),
                    lines,
                    arrayPushFront(arrayPopBack(lines), '')
                )
            ),
            '\n'
        ) AS joined
    FROM
    (
        SELECT received_at, payload_environment, payload_gateway, peer, splitByChar('\n', body) AS lines
        FROM ({{inner}})
    )
)
WHERE notEmpty(trim(BOTH '[] \r\n' FROM joined))
