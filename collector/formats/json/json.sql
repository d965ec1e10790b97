-- Records of anything, as logs.
SELECT
    fault != '' ? 'dead_letters' : 'logs' AS destination,
    fault AS reason,
    fault != '' ? line : '' AS raw,
    peer,
    who.severity AS severity,
    multiIf(
        fault != '', '',
        text != '', trimRight(text, '\r\n'),
        -- A record without text is its own text, but for the keys that the Forward port has added at its end.
        replaceRegexpOne(line, ',?"fluent_(?:time":[0-9-]+,"fluent_)?tag":"(?:[^"\\\\]|\\\\.)*"}\\s*$', '}')
    ) AS body,
    believed ? claimed : received_at AS time,
    multiIf(
        who.environment != '', who.environment,
        payload_environment != '', toString(payload_environment),
        {{default_environment}}
    ) AS environment,
    who.is_sidecar ? 'mesh' : '' AS gateway_kind,
    multiIf(
        who.gateway != '', who.gateway,
        payload_gateway != '', toString(payload_gateway),
        instance
    ) AS gateway,
    who.instance != '' ? who.instance : toString({{instance_of_peer(peer)}}) AS instance,
    who.trace_id AS trace_id,
    who.span_id AS span_id,
    mapFilter(
        (name, value) -> value != '',
        mapConcat(who.attributes, map('claimed_time', believed ? '' : toString(claimed)))
    ) AS attributes,
    {{format}} AS format,
    {{segment_id}} AS segment_id,
    received_at AS ingested_at
FROM
(
    SELECT
        *,
        ifNull(moment, received_at) AS claimed,
        {{believed(claimed)}} AS believed
    FROM ({{inner}})
)
