-- The records of Mule's logs: a line that begins one and the lines that belong to it, such as a stack trace, the headers and the
-- body of a message, or the rest of a JSON object. The body must not be kept with them: it would be copied for each.
-- What a line is, as a number:
--   1 begins a record of text     2 is an analytics event, whole     3 begins an object of log4j, json-logger or analytics
--   4 begins any other object     5 is blank, within a record of text
-- A damaged line is a record of its own wherever it cannot go on with the one before: that stays as it is.
SELECT
    * EXCEPT joined,
    trimRight(joined, '\r\n') AS record,
    -- Of JsonLayout's array of objects, what stands between them is left out.
    toValidUTF8(match(record, '^(?:, )?\\{') ? trimLeft(trimRight(record, ', ]\r\n'), ', ') : record) AS record_text
FROM
(
    SELECT
        * EXCEPT (lines, kinds, opened, begins),
        arrayStringConcat(
            arrayJoin(
                arraySplit(
                    (line, before, kind, kind_before, begun_before) -> kind != 0
                        -- Nothing belongs to an event or an object that is closed.
                        OR kind_before = 2
                        OR (begun_before > 2 AND match(before, '^(?:(?:, )?\\{.*)?\\}[,\\s]*$')),
                    lines,
                    arrayPushFront(arrayPopBack(lines), ''),
                    begins,
                    arrayPushFront(arrayPopBack(begins), toUInt8(0)),
                    arrayPushFront(arrayPopBack(arrayFill(begun -> begun != 0, begins)), toUInt8(0))
                )
            ),
            '\n'
        ) AS joined
    FROM
    (
        SELECT
            *,
            -- Behind a blank line of a message with headers, an object is its body.
            arrayMap(
                (kind, open) -> toUInt8(multiIf(kind = 5, 0, kind = 4 AND open = 5, 0, kind)),
                kinds,
                arrayPushFront(arrayPopBack(opened), toUInt8(0))
            ) AS begins
        FROM
        (
            SELECT
                *,
                arrayFill(
                    kind -> kind != 0,
                    arrayMap(
                        (kind, begun) -> toUInt8(multiIf(kind = 4 OR kind = 5 AND begun != 1, 0, kind)),
                        kinds,
                        arrayFill(kind -> kind NOT IN (0, 5), kinds)
                    )
                ) AS opened
            FROM
            (
                SELECT
                    *,
                    arrayMap(
                        line -> toUInt8(multiIf(
                            line IN ('', '\r'), 5,
                            match(line, {{text_line}}),
                                position(line, 'AnalyticsHttpEventsLogger') > 0 AND match(line, '\\}\\s*$') ? 2 : 1,
                            NOT match(line, '^(?:, )?\\{'), 0,
                            match(line, {{logged_object}}), 3,
                            4
                        )),
                        lines
                    ) AS kinds
                FROM
                (
                    SELECT received_at, payload_environment, payload_gateway, peer, splitByChar('\n', body) AS lines
                    FROM ({{inner}})
                )
            )
        )
    )
)
WHERE notEmpty(trim(BOTH '[] \r\n' FROM joined))
