-- OpenTelemetry attributes as text, where none is a list or a map.
WITH
{{otlp_scalar}} AS text
SELECT
    * EXCEPT (raw_attributes),
    mapFromArrays(
        tupleElement(raw_attributes, 'key'),
        arrayMap(one -> text(one), tupleElement(raw_attributes, 'value'))
    ) AS attributes
FROM ({{inner}})
