-- The samples of Prometheus' text format. https://prometheus.io/docs/instrumenting/exposition_formats/
SELECT
    *,
    extractGroups(
        line,
        '^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\s*\\{((?:\\s*[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\]|\\\\.)*"\\s*,?)*)\\s*\\}\\s*|\\s+)(\\S+)(?:\\s+(-?[0-9]+))?$'
    ) AS parts,
    toInt64OrNull(parts[4]) AS stated_milliseconds
FROM ({{inner}})
