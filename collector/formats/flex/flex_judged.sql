-- Whether a record can be believed.
SELECT
    *,
    ifNull(is_access ? ifNull(started, logged) : logged, received_at) AS claimed,
    {{believed(claimed)}} AS believed,
    multiIf(
        startsWith(line, '{') AND JSONLength(line) = 0, 'not a JSON object, or an empty one',
        NOT is_access, '',
        code IS NULL AND code_text != '', 'statusCode is not a number',
        started IS NULL AND started_text != '', 'receivedTs is not a time',
        replied IS NULL AND event.repliedTs != '', 'repliedTs is not a time',
        replied IS NULL AND took_us IS NULL AND event.duration NOT IN ('', '-'), 'duration is not a number',
        received_bytes IS NULL AND received_text NOT IN ('', '-', '-1') OR sent_bytes IS NULL AND sent_text NOT IN ('', '-', '-1'),
            'the number of bytes is not a number',
        ''
    ) AS problem,
    event.x_forwarded_for NOT IN ('', '-')
        ? trim(splitByChar(',', event.x_forwarded_for)[1])
        : arrayFirst(candidate -> candidate NOT IN ('', '-'), [event.remoteAddress, event.downstream_remote_address]) AS client
FROM ({{inner}})
