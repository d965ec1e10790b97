-- What Fluent Bit measures (inputs cpu, mem, proc, disk, netif, docker, thermal, health): a row of metrics for each number,
-- under the name that Fluent Bit gives it. https://docs.fluentbit.io/manual/data-pipeline/inputs
SELECT
    problem != '' ? 'dead_letters' : 'metrics' AS destination,
    problem AS reason,
    problem != '' ? line : '' AS raw,
    peer,
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
    instance,
    arrayFirst(
        candidate -> candidate != '', [who.attributes['k8s.node.name'], who.attributes['hostname'], who.attributes['host'], instance]
    ) AS host,
    name,
    -- What a container has used since it started; all others are of now, or of the time since the last record.
    name = 'cpu_used' ? 'sum' : 'gauge' AS kind,
    multiIf(
        match(name, '^(?:(?:cpu|user|system)_p|cpu\\.p_(?:cpu|user|system))$'), '%',
        is_kib OR match(name, '^(?:mem\\.Vm[A-Z][A-Za-z]+|proc_bytes|mem_used|mem_limit|(?:read|write)_size|[rt]x\\.bytes)$'), 'By',
        name = 'cpu_used', 'ns',
        name = 'temp', 'Cel',
        ''
    ) AS unit,
    believed ? stated_labels : mapConcat(stated_labels, map('claimed_time', toString(claimed))) AS labels,
    number.2 = 'true' ? 1 : toFloat64OrZero(number.2) * (is_kib ? 1024 : 1) AS value,
    toUInt64(0) AS count,
    CAST([], 'Array(Float64)') AS bounds,
    CAST([], 'Array(UInt64)') AS bucket_counts,
    {{format}} AS format,
    {{segment_id}} AS segment_id,
    received_at AS ingested_at
FROM
(
    SELECT
        *,
        multiIf(fault != '', fault, name = '', 'a record without a number', '') AS problem,
        match(name, '^(?:Mem|Swap)\\.(?:total|used|free)$') AS is_kib,
        ifNull(moment, received_at) AS claimed,
        {{believed(claimed)}} AS believed
    FROM ({{inner}})
)
