-- OpenTelemetry attributes as text: lists and maps as JSON, bytes in base64, which they are in OTLP's JSON.
-- https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto
-- It says tupleElement, because planning takes a millisecond for each name with a dot in it where the type is as large.
WITH
{{otlp_value}} AS json
SELECT
    * EXCEPT (raw_attributes, keys, values),
    mapFromArrays(
        keys,
        arrayMap(
            (text, number, fraction, truth, bytes, members, value) -> multiIf(
                text != '', text,
                isNotNull(number), toString(assumeNotNull(number)),
                isNotNull(fraction), toString(assumeNotNull(fraction)),
                isNotNull(truth), if(assumeNotNull(truth), 'true', 'false'),
                members > 0, json(value),
                {{otlp_bytes}}(bytes)
            ),
            tupleElement(values, 'string_value'),
            tupleElement(values, 'int_value'),
            tupleElement(values, 'double_value'),
            tupleElement(values, 'bool_value'),
            tupleElement(values, 'bytes_value'),
            arrayMap(
                (list, map) -> length(list) + length(map),
                tupleElement(tupleElement(values, 'array_value'), 'values'),
                tupleElement(tupleElement(values, 'kvlist_value'), 'values')
            ),
            values
        )
    ) AS attributes
FROM
(
    SELECT *, tupleElement(raw_attributes, 'key') AS keys, tupleElement(raw_attributes, 'value') AS values
    FROM ({{inner}})
)
