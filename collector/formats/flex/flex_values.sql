-- What a record says, as values.
WITH
    {{microseconds_of_milliseconds()}} AS microseconds,
    -- One without a day is invalid: it would be the first of the year.
    text -> parseDateTime64BestEffortOrNull(if(substring(text, 3, 1) = ':', '', text), 6, 'UTC') AS moment
SELECT
    *,
    multiIf(
        match(parts[1], '^\\d\\d/\\d\\d/\\d{4}-\\d\\d:\\d\\d:\\d\\d[AP]M$'),
            CAST(parseDateTimeOrNull(parts[1], '%d/%m/%Y-%h:%i:%s%p', 'UTC'), 'Nullable(DateTime64(6, \'UTC\'))'),
        parts[1] = '' AND known.fluent_time != '',
            fromUnixTimestamp64Micro(intDiv(toInt64OrNull(known.fluent_time), 1000), 'UTC'),
        moment(arrayFirst(candidate -> length(candidate) >= 10, [parts[1], known.timestamp, known.date, known.time]))
    ) AS logged,
    arrayFirst(candidate -> candidate != '', [event.receivedTs, event.start_time]) AS started_text,
    moment(started_text) AS started,
    moment(event.repliedTs) AS replied,
    arrayFirst(candidate -> candidate NOT IN ('', '-'), [event.statusCode, event.response_code]) AS code_text,
    -- A request that a policy ended may have no status, but it has been replied to.
    code_text != '' OR event.repliedTs != '' AS is_access,
    toUInt16OrNull(code_text) AS code,
    microseconds(event.duration) AS took_us,
    microseconds(event.upstream_service_time) AS upstream_took_us,
    event.requestBytes != '' ? event.requestBytes : event.bytes_received AS received_text,
    event.responseBytes != '' ? event.responseBytes : event.bytes_sent AS sent_text,
    toUInt64OrNull(received_text) AS received_bytes,
    toUInt64OrNull(sent_text) AS sent_bytes,
    cutQueryStringAndFragment(event.requestPath != '' ? event.requestPath : event.path) AS path,
    event.response_flags = '-' ? '' : event.response_flags AS flags,
    multiIf(
        event.violation.violationType != '', lower(event.violation.violationType),
        event.violation.policyName != '' OR upper(event.requestDisposition) = 'VIOLATION', 'violation',
        ''
    ) AS outcome,
    extract(policy_line[2], '\\[req: ([^\\]]*)\\]') AS request_tag,
    position(policy_line[2], '[api: ') > 0
        ? extract(policy_line[2], '\\[api: ([^\\].]*)')
        : extract(policy_line[1], '([^.\\s]+)\\.[^.\\s]+\\.svc$') AS api_tag
FROM ({{inner}})
