-- What stands before the message in a line of Flex Gateway (now Omni Gateway), of its containers, files and journal:
--   [component][level] message                       with or without a time before it
--   [date][component][level][kind] message           the file output's template
--   [component] [date] [level] message               Fluent Bit's own lines
--   time LEVEL [pod] component - message             Kubernetes, newer versions
-- and those of Envoy and Fluent Bit where the gateway has not yet put its own before them:
--   [time][process][level][component] message        Envoy
--   [date] [level] message                           Fluent Bit
-- Records of Fluent Bit have component, level and kind next to the message, which may have the prefix all the same.
SELECT
    received_at,
    payload_environment,
    payload_gateway,
    peer,
    line,
    known,
    startsWith(text, '{')
        ? []
        : extractGroups(text, '(?s)^(?:(\\d{4}-\\S+)\\s+)?(?:\\[(\\d[^\\]]*)\\]\\s*)?\\[(flex-[a-z-]+|open-telemetry-collector)\\]\\s*(?:\\[(\\d[^\\]]*)\\]\\s*)?\\[\\s*([a-zA-Z]+)\\]\\s*(?:\\[(accessLog|runtimeLog)\\]\\s*)?(.*)$') AS bracketed,
    match(text, '^\\d{4}-\\S+\\s+[A-Z]+\\s+\\[')
        ? extractGroups(text, '(?s)^(\\d{4}-\\S+)\\s+([A-Z]+)\\s+\\[([^\\]]*)\\]\\s+(flex-[a-z-]+|open-telemetry-collector)\\s+-\\s+(.*)$')
        : [] AS spaced,
    empty(bracketed) AND match(text, '^\\[\\d{4}[-/]')
        ? extractGroups(text, '(?s)^\\[(\\d{4}[-/]\\d\\d[-/]\\d\\d \\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?)\\](?:\\[\\d+\\])? *\\[ *([a-zA-Z]+)\\](?:\\[([^\\]]*)\\])? ?(.*)$')
        : [] AS of_inner,
    -- Time, component, level, kind, pod, message.
    multiIf(
        notEmpty(bracketed),
            [concat(bracketed[1], bracketed[2], bracketed[4]), bracketed[3], bracketed[5], bracketed[6], '', bracketed[7]],
        notEmpty(of_inner), [
            of_inner[1], position(of_inner[1], '-') > 0 ? 'flex-gateway-envoy' : 'flex-gateway-fluent', of_inner[2], '', '',
            of_inner[4]
        ],
        notEmpty(spaced), [spaced[1], spaced[4], spaced[2], '', spaced[3], spaced[5]],
        ['', '', '', '', '', text]
    ) AS parts
FROM ({{inner}})
