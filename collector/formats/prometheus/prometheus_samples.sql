-- The samples of a text as series of one sample each. Histograms stay as they are sent: one sample for each bucket,
-- sum and count.
WITH
    words -> multiIf(
        name = words[3], words[4],
        NOT startsWith(name, concat(words[3], '_')), '',
        substring(name, length(words[3]) + 1)
            IN ('_total', '_bucket', '_sum', '_count', '_info', '_gsum', '_gcount'), words[4],
        ''
    ) AS of_family
SELECT
    received_at,
    payload_environment,
    payload_gateway,
    peer,
    multiIf(
        stated_value IS NULL, 'not a sample of a metric',
        NOT isValidUTF8(line), 'not UTF-8',
        parts[4] = '', '',
        stated_milliseconds IS NULL, 'the time is not a number',
        ''
    ) AS problem,
    problem = '' ? '' : line AS record,
    name,
    -- A target's labels come before those of its samples, which are kept under another name, as Prometheus does.
    empty(target_labels) ? own_labels : mapConcat(
        target_labels,
        mapApply(
            (label, text) -> (mapContains(target_labels, label) ? concat('exported_', label) : label, text), own_labels
        )
    ) AS labels,
    of_family(type_words) AS type,
    of_family(unit_words) AS unit,
    ifNull(stated_milliseconds, toUnixTimestamp64Milli(received_at)) AS milliseconds,
    ifNull(stated_value, 0) AS value,
    toUInt64(0) AS count,
    CAST([], 'Array(Float64)') AS bounds,
    CAST([], 'Array(UInt64)') AS bucket_counts,
    0 AS has_exponential_buckets
FROM
(
    SELECT
        *,
        toFloat64OrNull(parts[3]) AS stated_value,
        toLowCardinality(parts[1]) AS name,
        -- A backslash before anything but itself, a quote and n stands for itself, as in Prometheus.
        if(
            position(parts[2], '\\') = 0,
            parts[2],
            arrayStringConcat(
                arrayMap(
                    part -> replaceRegexpAll(part, '\\\\([^"n])', '\\\\\\\\\\1'), splitByString('\\\\', parts[2])
                ),
                '\\\\'
            )
        ) AS escaped_labels,
        CAST(
            extractKeyValuePairsWithEscaping(escaped_labels, '=', ', \t', '"'), 'Map(LowCardinality(String), String)'
        ) AS own_labels
    FROM ({{inner}})
)
