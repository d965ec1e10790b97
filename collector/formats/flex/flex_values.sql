-- What a record says, as values.
WITH
    {{microseconds_of_milliseconds()}} AS microseconds,
    -- One of a day that is not told is none: it would be the first of the year.
    told -> parseDateTime64BestEffortOrNull(if(substring(told, 3, 1) = ':', '', told), 6, 'UTC') AS moment
SELECT
    *,
    multiIf(
        match(parts[1], '^\\d\\d/\\d\\d/\\d{4}-\\d\\d:\\d\\d:\\d\\d[AP]M$'),
            CAST(parseDateTimeOrNull(parts[1], '%d/%m/%Y-%h:%i:%s%p', 'UTC'), 'Nullable(DateTime64(6, \'UTC\'))'),
        parts[1] = '' AND known.fluent_time != '',
            fromUnixTimestamp64Micro(intDiv(toInt64OrNull(known.fluent_time), 1000), 'UTC'),
        moment(arrayFirst(told -> length(told) >= 10, [parts[1], known.timestamp, known.date, known.time]))
    ) AS logged,
    arrayFirst(told -> told != '', [said.receivedTs, said.start_time]) AS started_text,
    moment(started_text) AS started,
    moment(said.repliedTs) AS replied,
    arrayFirst(told -> told NOT IN ('', '-'), [said.statusCode, said.response_code]) AS code_text,
    -- A request that a policy ended may have no status, but it has been replied to.
    code_text != '' OR said.repliedTs != '' AS is_access,
    toUInt16OrNull(code_text) AS code,
    microseconds(said.duration) AS took_us,
    microseconds(said.upstream_service_time) AS upstream_took_us,
    said.requestBytes != '' ? said.requestBytes : said.bytes_received AS received_text,
    said.responseBytes != '' ? said.responseBytes : said.bytes_sent AS sent_text,
    toUInt64OrNull(received_text) AS received_bytes,
    toUInt64OrNull(sent_text) AS sent_bytes,
    cutQueryStringAndFragment(said.requestPath != '' ? said.requestPath : said.path) AS path,
    said.response_flags = '-' ? '' : said.response_flags AS flags,
    multiIf(
        said.violation.violationType != '', lower(said.violation.violationType),
        said.violation.policyName != '' OR upper(said.requestDisposition) = 'VIOLATION', 'violation',
        ''
    ) AS outcome,
    extract(policy_line[2], '\\[req: ([^\\]]*)\\]') AS request_tag,
    position(policy_line[2], '[api: ') > 0
        ? extract(policy_line[2], '\\[api: ([^\\].]*)')
        : extract(policy_line[1], '([^.\\s]+)\\.[^.\\s]+\\.svc$') AS api_tag
FROM ({{inner}})
