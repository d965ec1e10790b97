-- The measures of an event, each with the dimensions beside it:
--   {"fields": {"metric_name:cpu.usr": 11.12, "metric_name:cpu.sys": 12.23, "region": "eu"}}
--   {"fields": {"metric_name": "cpu.usr", "_value": 11.12, "region": "eu"}}
SELECT
    * EXCEPT (told, measures, is_too_much, names),
    arrayJoin(
        is_too_much OR empty(measures) ? [('', '')] : measures
    ) AS measure,
    multiIf(
        is_too_much, 'too many metrics in an event that long',
        NOT isValidUTF8(line), 'not UTF-8',
        measure.1 = '', 'an event without a metric',
        measure.2 = '', 'a metric without a value',
        toFloat64OrNull(measure.2) IS NULL, 'the value of a metric is not a number',
        ''
    ) AS problem
FROM
(
    SELECT
        *,
        JSONExtractKeysAndValuesRaw(line, 'fields') AS told,
        arrayMap(pair -> pair.1, told) AS names,
        arrayMap(
            pair -> (pair.1, trim(BOTH '"' FROM pair.2)),
            arrayConcat(
                arrayMap(
                    pair -> (substring(pair.1, 13), pair.2),
                    arrayFilter(pair -> startsWith(pair.1, 'metric_name:'), told)
                ),
                has(names, 'metric_name')
                    ? [(JSONExtractString(line, 'fields', 'metric_name'), told[indexOf(names, '_value')].2)]
                    : []
            )
        ) AS measures,
        -- Each measure gets a copy of the rest: an event of a megabyte must not become a terabyte.
        length(measures) * length(line) > 67108864 AS is_too_much
    FROM ({{inner}})
)
