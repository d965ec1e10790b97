-- The body of a log record as text; a map or a list, as agents send a line of JSON, is JSON again.
-- The view is for planning's sake: what it hides is not hashed anew at each AND and OR of the layers above, which took
-- 300 ms a segment.
SELECT *
FROM view(
WITH
{{otlp_value}} AS json,
    -- The same of a map of nothing but texts, numbers and booleans, as most are: in a third of the time.
    (keys, texts, numbers, fractions, truths) -> concat(
        '{',
        arrayStringConcat(
            arrayMap(
                (key, text, number, fraction, truth) -> concat(
                    toJSONString(toValidUTF8(key)),
                    ':',
                    multiIf(
                        text != '', toJSONString(toValidUTF8(text)),
                        isNotNull(number), toString(assumeNotNull(number)),
                        isNotNull(fraction), toString(assumeNotNull(fraction)),
                        isNotNull(truth), if(assumeNotNull(truth), 'true', 'false'),
                        '""'
                    )
                ),
                keys, texts, numbers, fractions, truths
            ),
            ','
        ),
        '}'
    ) AS flat
SELECT
    * EXCEPT (
        body, text, number, fraction, truth, bytes, members, is_flat, keys, values, texts, numbers, fractions, truths
    ),
    multiIf(
        text != '', text,
        isNotNull(number), toString(assumeNotNull(number)),
        isNotNull(fraction), toString(assumeNotNull(fraction)),
        isNotNull(truth), if(assumeNotNull(truth), 'true', 'false'),
        is_flat, flat(keys, texts, numbers, fractions, truths),
        members > 0, json(body),
        {{otlp_bytes}}(bytes)
    ) AS body_text
FROM
(
    SELECT
        *,
        mapKeys(tupleElement(tupleElement(body, 'kvlist_value'), 'values')) AS keys,
        mapValues(tupleElement(tupleElement(body, 'kvlist_value'), 'values')) AS values,
        tupleElement(values, 'string_value') AS texts,
        tupleElement(values, 'int_value') AS numbers,
        tupleElement(values, 'double_value') AS fractions,
        tupleElement(values, 'bool_value') AS truths,
        notEmpty(keys) AND NOT arrayExists(
            (list, map, bytes, fraction) -> length(list) + length(map) + length(bytes) > 0 OR NOT isFinite(ifNull(fraction, 0)),
            tupleElement(tupleElement(values, 'array_value'), 'values'),
            tupleElement(tupleElement(values, 'kvlist_value'), 'values'),
            tupleElement(values, 'bytes_value'),
            fractions
        ) AS is_flat,
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
