-- The records of Flex Gateway: a line, and what goes on with it, such as a panic. The body must not be kept with them: it would
-- be copied for each.
SELECT
    * EXCEPT lines,
    arrayStringConcat(
        arrayJoin(
            -- An object is whole, whatever comes behind it.
            arraySplit(
                (line, before) -> NOT match(line, {{next_line}}) OR startsWith(before, '{'),
                lines,
                arrayPushFront(arrayPopBack(lines), '')
            )
        ),
        '\n'
    ) AS line
FROM
(
    SELECT
        received_at,
        payload_environment,
        payload_gateway,
        peer,
        arrayFilter(line -> line NOT IN ('', '\r'), splitByChar('\n', body)) AS lines
    FROM ({{inner}})
)
