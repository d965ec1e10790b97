-- The body of a log record as text; a map or a list, as agents send a line of JSON, is JSON again.
-- The view is for planning's sake: what it hides is not hashed anew at each AND and OR of the layers above, which took
-- 300 ms a segment.
SELECT *
FROM view(
WITH
{{otlp_value}} AS json
SELECT
    * EXCEPT (body, text, number, fraction, truth, bytes, members),
    multiIf(
        text != '', text,
        isNotNull(number), toString(assumeNotNull(number)),
        isNotNull(fraction), toString(assumeNotNull(fraction)),
        isNotNull(truth), if(assumeNotNull(truth), 'true', 'false'),
        members > 0, json(body),
        {{otlp_bytes}}(bytes)
    ) AS body_text
FROM
(
    SELECT
        *,
        tupleElement(body, 'string_value') AS text,
        tupleElement(body, 'int_value') AS number,
        tupleElement(body, 'double_value') AS fraction,
        tupleElement(body, 'bool_value') AS truth,
        tupleElement(body, 'bytes_value') AS bytes,
        length(tupleElement(tupleElement(body, 'array_value'), 'values'))
            + length(tupleElement(tupleElement(body, 'kvlist_value'), 'values')) AS members
    FROM ({{inner}})
)
)
