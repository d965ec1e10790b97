-- The samples of a text, each with the last lines before it that state a metric's type and unit, for these stand
-- right above its samples. The first line may hold labels for all of them, which the scraper puts there for a
-- target.
SELECT
    received_at,
    payload_environment,
    payload_gateway,
    peer,
    CAST(
        extractKeyValuePairsWithEscaping(extract(target_line, '^# TARGET \\{(.*)\\}$'), '=', ',', '"'),
        'Map(LowCardinality(String), String)'
    ) AS target_labels,
    arrayJoin(arrayFilter(
        (annotated) -> annotated.1 != '' ? NOT startsWith(annotated.1, '#') : 0,
        arrayZip(
            lines,
            arrayPopFront(arrayFill(
                line -> startsWith(line, '#') ? match(line, '^#\\s+TYPE\\s') : 0, arrayPushFront(short_lines, '')
            )),
            arrayPopFront(arrayFill(
                line -> startsWith(line, '#') ? match(line, '^#\\s+UNIT\\s') : 0, arrayPushFront(short_lines, '')
            ))
        )
    )) AS annotated,
    annotated.1 AS line,
    splitByWhitespace(toLowCardinality(annotated.2)) AS type_words,
    splitByWhitespace(toLowCardinality(annotated.3)) AS unit_words
FROM
(
    SELECT
        *,
        arrayMap(line -> trimBoth(line, ' \t\r'), splitByChar('\n', body)) AS lines,
        -- One line is copied to many, and must not make a terabyte of a megabyte.
        arrayMap(line -> length(line) > 1000 ? '' : line, lines) AS short_lines,
        length(lines[1]) > 4000 ? '' : lines[1] AS target_line
    FROM ({{inner}})
)
