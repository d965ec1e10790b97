-- The measures of an event, each with its dimensions:
--   {"fields": {"metric_name:cpu.usr": 11.12, "metric_name:cpu.sys": 12.23, "region": "eu"}}
--   {"fields": {"metric_name": "cpu.usr", "_value": 11.12, "region": "eu"}}
-- The line must not be kept with the measures, nor stand in a lambda: it would be copied for each of them.
SELECT
    * EXCEPT (line, measures, good, problem),
    arrayJoin(
        arrayConcat(
            arrayMap(pair -> (pair.1, pair.2, '', ''), good),
            problem = '' ? [] : [('', '', problem, line)]
        )
    ) AS measure
FROM
(
    SELECT
        * EXCEPT (numbers),
        multiIf(
            NOT isValidUTF8(line), 'not UTF-8',
            empty(measures), 'an event without a metric',
            -- Each measure gets a copy of the rest: an event of a megabyte must not become a terabyte.
            length(numbers) * length(toString(dimensions)) > 16777216, 'too many metrics beside such long dimensions',
            has(measures.1, ''), 'a metric without a name',
            has(measures.2, ''), 'a metric without a value',
            length(numbers) < length(measures), 'the value of a metric is not a number',
            ''
        ) AS problem,
        problem IN ('not UTF-8', 'too many metrics beside such long dimensions') ? [] : numbers AS good
    FROM
    (
        SELECT
            * EXCEPT (all_fields, names),
            arrayMap(
                pair -> (pair.1, trim(BOTH '"' FROM pair.2)),
                arrayConcat(
                    arrayMap(
                        pair -> (substring(pair.1, 13), pair.2),
                        arrayFilter(pair -> startsWith(pair.1, 'metric_name:'), all_fields)
                    ),
                    has(names, 'metric_name')
                        ? [(JSONExtractString(line, 'fields', 'metric_name'), all_fields[indexOf(names, '_value')].2)]
                        : []
                )
            ) AS measures,
            arrayFilter(pair -> pair.1 != '' AND toFloat64OrNull(pair.2) IS NOT NULL, measures) AS numbers
        FROM
        (
            SELECT
                *,
                JSONExtractKeysAndValuesRaw(line, 'fields') AS all_fields,
                arrayMap(pair -> pair.1, all_fields) AS names,
                mapFilter(
                    (name, text) -> NOT startsWith(name, 'metric_name:') AND name NOT IN ('metric_name', '_value'),
                    JSONExtract(line, 'fields', 'Map(String, String)')
                ) AS dimensions,
                JSONExtract(
                    line, 'Tuple(time String, host String, index String, source String, sourcetype String)'
                ) AS envelope
            FROM ({{inner}})
        )
    )
)
