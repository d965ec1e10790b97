-- The samples of OpenMetrics: times are in seconds, exemplars are left out, and so is when a counter began.
-- https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
SELECT
    *,
    toFloat64OrNull(parts[4]) AS seconds,
    -- Beyond what a number of milliseconds can be, the sign is enough: such a time is not believed.
    if(
        seconds IS NULL,
        NULL,
        toInt64(round(least(greatest(assumeNotNull(seconds), -1e12), 1e12) * 1000))
    ) AS stated_milliseconds
FROM
(
    SELECT
        *,
        extractGroups(
            line,
            '^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\]|\\\\.)*",?)*)\\} | )(\\S+)(?: (-?[0-9.eE+-]+))?(?: # \\{.*)?$'
        ) AS parts
    FROM ({{inner}})
)
WHERE NOT (
    parts[1] = concat(type_words[3], '_created') AND type_words[4] IN ('counter', 'histogram', 'summary', 'gaugehistogram')
)
