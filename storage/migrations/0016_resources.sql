-- CPU and memory, whatever told them: which metric means what stands in resource_rules alone, and resource_1m keeps of
-- each series by the minute what a rate, a mean and a peak are worked out from, exactly, whatever order samples come in.

CREATE TABLE IF NOT EXISTS resource_rules
(
    -- Of a metric, with _ for each dot.
    name     LowCardinality(String),
    -- Which of the metric's series count, by what they are parts of: a CPU's mode, a heap, a state; all where empty.
    parts    Array(LowCardinality(String)),
    -- 'cpu_seconds', 'cpu_cores', 'cpu_share', 'cpu_limit', 'cpu_quota', 'cpu_period', 'cpu_count', 'memory_bytes',
    -- 'memory_limit', 'memory_share', 'memory_available', 'heap_bytes', 'heap_limit', 'started_at', 'uptime',
    -- 'restarts', 'version'.
    quantity LowCardinality(String),
    -- What the metric is of: 'container', 'pod', 'process', 'proxy', 'jvm' or 'host'.
    source   LowCardinality(String),
    -- Of several that tell the same quantity of an instance the lowest counts.
    rank     UInt8,
    -- From the metric's unit, where it names none, to seconds, bytes, cores or a share.
    factor   Float64,
    -- Of a 'version': the labels that may tell it.
    labels   Array(LowCardinality(String))
)
ENGINE = ReplacingMergeTree
ORDER BY (name, quantity, source, parts)
SETTINGS non_replicated_deduplication_window = 10000;

-- The samples of an instance by minute; a series is a metric with its labels.
CREATE TABLE IF NOT EXISTS resource_1m
(
    minute       DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    environment  LowCardinality(String),
    gateway      LowCardinality(String),
    instance     LowCardinality(String),
    quantity     LowCardinality(String),
    source       LowCardinality(String),
    rank         UInt8,
    -- Of a sidecar's own container, beside that of its application in the same pod.
    is_sidecar   Bool,
    -- A hash of the instance, the quantity, and the metric with its labels.
    series       UInt64 CODEC(ZSTD(1)),
    gateway_kind SimpleAggregateFunction(max, String) CODEC(ZSTD(1)),
    host         SimpleAggregateFunction(max, String) CODEC(ZSTD(1)),
    -- Of a 'version'.
    version      SimpleAggregateFunction(max, String) CODEC(ZSTD(1)),
    -- The first and the last sample, and the extremes: between them a counter's rise is exact, even where it began anew.
    first        SimpleAggregateFunction(min, Tuple(DateTime64(3, 'UTC'), Float64)) CODEC(ZSTD(1)),
    last         SimpleAggregateFunction(max, Tuple(DateTime64(3, 'UTC'), Float64)) CODEC(ZSTD(1)),
    low          SimpleAggregateFunction(min, Float64) CODEC(ZSTD(1)),
    high         SimpleAggregateFunction(max, Float64) CODEC(ZSTD(1)),
    total        SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    samples      SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (environment, gateway, instance, quantity, source, rank, is_sidecar, series, minute)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1;

-- The same by hour. Of a counter that began anew more than once in an hour, what it had risen to in between is lost.
CREATE TABLE IF NOT EXISTS resource_1h
(
    hour         DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    environment  LowCardinality(String),
    gateway      LowCardinality(String),
    instance     LowCardinality(String),
    quantity     LowCardinality(String),
    source       LowCardinality(String),
    rank         UInt8,
    -- Of a sidecar's own container, beside that of its application in the same pod.
    is_sidecar   Bool,
    -- A hash of the instance, the quantity, and the metric with its labels.
    series       UInt64 CODEC(ZSTD(1)),
    gateway_kind SimpleAggregateFunction(max, String) CODEC(ZSTD(1)),
    host         SimpleAggregateFunction(max, String) CODEC(ZSTD(1)),
    -- Of a 'version'.
    version      SimpleAggregateFunction(max, String) CODEC(ZSTD(1)),
    -- The first and the last sample, and the extremes: between them a counter's rise is exact, even where it began anew.
    first        SimpleAggregateFunction(min, Tuple(DateTime64(3, 'UTC'), Float64)) CODEC(ZSTD(1)),
    last         SimpleAggregateFunction(max, Tuple(DateTime64(3, 'UTC'), Float64)) CODEC(ZSTD(1)),
    low          SimpleAggregateFunction(min, Float64) CODEC(ZSTD(1)),
    high         SimpleAggregateFunction(max, Float64) CODEC(ZSTD(1)),
    total        SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
    samples      SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (environment, gateway, instance, quantity, source, rank, is_sidecar, series, hour)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS resource_1m_from_metrics TO resource_1m AS
SELECT
    minute,
    environment,
    gateway,
    instance,
    quantity,
    source,
    rank,
    is_sidecar,
    series,
    max(toString(sample_kind)) AS gateway_kind,
    max(toString(sample_host)) AS host,
    max(version_told) AS version,
    min((time, scaled)) AS first,
    max((time, scaled)) AS last,
    min(scaled) AS low,
    max(scaled) AS high,
    sum(scaled) AS total,
    count() AS samples
FROM
(
    SELECT
        time,
        toStartOfMinute(time) AS minute,
        environment,
        sample.gateway_kind AS sample_kind,
        gateway,
        instance,
        sample.host AS sample_host,
        -- What a delta tells is a rise already.
        if(
            rule.quantity = 'cpu_seconds' AND sample.labels['aggregation_temporality'] = 'delta',
            'cpu_seconds_delta',
            toString(rule.quantity)
        ) AS quantity,
        rule.source AS source,
        rule.rank AS rank,
        container IN ('istio-proxy', 'linkerd-proxy', 'kuma-sidecar', 'consul-dataplane') AS is_sidecar,
        -- Two Prometheus that watch the same thing tell the same series.
        cityHash64(environment, gateway, instance, rule.quantity, sample.name, mapSort(mapFilter(
            (label, text) -> label NOT IN ('claimed_time', 'prometheus', 'prometheus_replica', '__replica__'),
            sample.labels
        ))) AS series,
        arrayFirst(
            told -> told != '',
            arrayMap(label -> sample.labels[label], arrayConcat(rule.labels, ['service.version', 'service_version']))
        ) AS version_told,
        sample.value * transform(
            sample.unit,
            ['ns', 'us', 'ms', 's', '%', 'By', 'KiBy', 'MiBy', 'GiBy'],
            [1e-9, 1e-6, 1e-3, 1, 0.01, 1, 1024, 1048576, 1073741824],
            rule.factor
        ) AS scaled
    FROM
    (
        SELECT
            *,
            replaceAll(name, '.', '_') AS canonical,
            arrayFirst(
                told -> told != '',
                [
                    labels['container'], labels['k8s.container.name'], labels['k8s_container_name'],
                    labels['container_name']
                ]
            ) AS container,
            arrayFirst(
                told -> told != '',
                [
                    labels['cpu.mode'], labels['cpu_mode'], labels['mode'], labels['state'],
                    labels['system.memory.state'], labels['system_memory_state'], labels['jvm.memory.type'],
                    labels['jvm_memory_type'], labels['area'], labels['type'], labels['resource'], labels['memtype']
                ]
            ) AS part
        FROM metrics
        -- Most samples are of other things, and cost no more than this.
        WHERE replaceAll(name, '.', '_') IN (SELECT name FROM resource_rules)
            AND kind IN ('gauge', 'sum', 'unknown')
            AND isFinite(value)
            -- cAdvisor's sums of a pod, and the container that only holds its network.
            AND NOT (startsWith(name, 'container_') AND labels['pod'] != '' AND labels['container'] IN ('', 'POD'))
    ) AS sample
    INNER JOIN
    (
        SELECT * FROM resource_rules FINAL
    ) AS rule ON rule.name = sample.canonical
    WHERE (empty(rule.parts) OR has(rule.parts, part))
        -- 0, -1 and numbers beyond any machine say that there is no limit.
        AND (NOT endsWith(rule.quantity, '_limit') OR scaled > 0 AND scaled < 1e15)
)
GROUP BY minute, environment, gateway, instance, quantity, source, rank, is_sidecar, series;

CREATE MATERIALIZED VIEW IF NOT EXISTS resource_1h_from_resource_1m TO resource_1h AS
SELECT
    toStartOfHour(minute) AS hour,
    environment,
    gateway,
    instance,
    quantity,
    source,
    rank,
    is_sidecar,
    series,
    max(minutes.gateway_kind) AS gateway_kind,
    max(minutes.host) AS host,
    max(minutes.version) AS version,
    min(minutes.first) AS first,
    max(minutes.last) AS last,
    min(minutes.low) AS low,
    max(minutes.high) AS high,
    sum(minutes.total) AS total,
    sum(minutes.samples) AS samples
FROM resource_1m AS minutes
GROUP BY hour, environment, gateway, instance, quantity, source, rank, is_sidecar, series;

INSERT INTO resource_rules
SELECT arrayJoin(names) AS name, parts, quantity, source, rank, factor, labels
FROM values(
    'names Array(String), parts Array(String), quantity String, source String, rank UInt8, factor Float64,
        labels Array(String)',
    -- cAdvisor, kube-state-metrics, the kubelet and Docker over OpenTelemetry, Fluent Bit's input docker.
    (['container_cpu_usage_seconds_total', 'container_cpu_time', 'container_cpu_time_seconds_total'], [], 'cpu_seconds', 'container', 10, 1, []),
    (['container_cpu_usage_total', 'container_cpu_usage_nanoseconds_total', 'cpu_used'], [], 'cpu_seconds', 'container', 11, 1e-9, []),
    (['container_cpu_usage'], [], 'cpu_cores', 'container', 10, 1, []),
    (['container_spec_cpu_quota'], [], 'cpu_quota', 'container', 10, 1, []),
    (['container_spec_cpu_period'], [], 'cpu_period', 'container', 10, 1, []),
    (['k8s_container_cpu_limit'], [], 'cpu_limit', 'container', 12, 1, []),
    (['kube_pod_container_resource_limits'], ['cpu'], 'cpu_limit', 'container', 13, 1, []),
    (['k8s_container_cpu_limit_utilization', 'k8s_container_cpu_limit_utilization_ratio'], [], 'cpu_share', 'container', 10, 1, []),
    (['container_memory_working_set_bytes', 'container_memory_working_set', 'mem_used'], [], 'memory_bytes', 'container', 10, 1, []),
    (['container_memory_usage_bytes', 'container_memory_usage', 'container_memory_usage_total', 'container_memory_usage_total_bytes'], [], 'memory_bytes', 'container', 12, 1, []),
    (['container_spec_memory_limit_bytes', 'mem_limit'], [], 'memory_limit', 'container', 10, 1, []),
    (['container_memory_usage_limit', 'container_memory_usage_limit_bytes'], [], 'memory_limit', 'container', 11, 1, []),
    (['k8s_container_memory_limit', 'k8s_container_memory_limit_bytes'], [], 'memory_limit', 'container', 12, 1, []),
    (['kube_pod_container_resource_limits'], ['memory'], 'memory_limit', 'container', 13, 1, []),
    (['k8s_container_memory_limit_utilization', 'k8s_container_memory_limit_utilization_ratio'], [], 'memory_share', 'container', 10, 1, []),
    (['container_start_time_seconds'], [], 'started_at', 'container', 10, 1, []),
    (['container_uptime', 'container_uptime_seconds'], [], 'uptime', 'container', 10, 1, []),
    (['kube_pod_container_status_restarts_total', 'k8s_container_restarts', 'k8s_container_restart_count'], [], 'restarts', 'container', 10, 1, []),
    (['k8s_pod_cpu_time', 'k8s_pod_cpu_time_seconds_total'], [], 'cpu_seconds', 'pod', 20, 1, []),
    (['k8s_pod_cpu_usage'], [], 'cpu_cores', 'pod', 20, 1, []),
    (['k8s_pod_cpu_limit_utilization', 'k8s_pod_cpu_limit_utilization_ratio'], [], 'cpu_share', 'pod', 20, 1, []),
    (['k8s_pod_memory_working_set', 'k8s_pod_memory_working_set_bytes'], [], 'memory_bytes', 'pod', 20, 1, []),
    (['k8s_pod_memory_usage', 'k8s_pod_memory_usage_bytes'], [], 'memory_bytes', 'pod', 22, 1, []),
    (['k8s_pod_memory_limit_utilization', 'k8s_pod_memory_limit_utilization_ratio'], [], 'memory_share', 'pod', 20, 1, []),
    (['k8s_pod_uptime', 'k8s_pod_uptime_seconds'], [], 'uptime', 'pod', 20, 1, []),
    -- Prometheus' clients, OpenTelemetry, Micrometer, ingress-nginx, process-exporter, Fluent Bit's input proc.
    (['process_cpu_seconds_total', 'nginx_ingress_controller_nginx_process_cpu_seconds_total'], [], 'cpu_seconds', 'process', 30, 1, []),
    (['process_cpu_time', 'process_cpu_time_seconds_total'], ['', 'user', 'system'], 'cpu_seconds', 'process', 30, 1, []),
    (['namedprocess_namegroup_cpu_seconds_total'], ['user', 'system'], 'cpu_seconds', 'process', 31, 1, []),
    (['process_cpu_time_ns_total'], [], 'cpu_seconds', 'process', 31, 1e-9, []),
    (['process_cpu_utilization', 'process_cpu_utilization_ratio'], ['', 'user', 'system'], 'cpu_share', 'process', 32, 1, []),
    (['process_cpu_usage'], [], 'cpu_share', 'process', 33, 1, []),
    (['process_resident_memory_bytes', 'process_memory_usage', 'process_memory_usage_bytes', 'nginx_ingress_controller_nginx_process_resident_memory_bytes', 'mem_VmRSS', 'proc_bytes'], [], 'memory_bytes', 'process', 30, 1, []),
    (['namedprocess_namegroup_memory_bytes'], ['resident'], 'memory_bytes', 'process', 31, 1, []),
    (['process_start_time_seconds', 'haproxy_process_start_time_seconds'], [], 'started_at', 'process', 30, 1, []),
    (['process_uptime', 'process_uptime_seconds', 'haproxy_process_uptime_seconds'], [], 'uptime', 'process', 30, 1, []),
    -- What proxies tell of themselves.
    (['envoy_server_memory_physical_size', 'server_memory_physical_size'], [], 'memory_bytes', 'proxy', 40, 1, []),
    (['envoy_server_memory_heap_size', 'server_memory_heap_size'], [], 'memory_bytes', 'proxy', 41, 1, []),
    (['envoy_server_memory_allocated', 'server_memory_allocated', 'haproxy_process_pool_used_bytes'], [], 'memory_bytes', 'proxy', 42, 1, []),
    (['envoy_server_uptime', 'server_uptime'], [], 'uptime', 'proxy', 40, 1, []),
    (['haproxy_process_build_info'], [], 'version', 'proxy', 40, 1, ['version']),
    (['istio_build'], [], 'version', 'proxy', 40, 1, ['tag']),
    -- Java: OpenTelemetry's agents of both generations, Micrometer, the JMX exporter.
    (['jvm_cpu_time', 'jvm_cpu_time_seconds_total'], [], 'cpu_seconds', 'jvm', 34, 1, []),
    (['java_lang_OperatingSystem_ProcessCpuTime', 'java_lang_operatingsystem_processcputime'], [], 'cpu_seconds', 'jvm', 35, 1e-9, []),
    (['jvm_cpu_recent_utilization', 'jvm_cpu_recent_utilization_ratio', 'process_runtime_jvm_cpu_utilization', 'process_runtime_jvm_cpu_utilization_ratio', 'java_lang_OperatingSystem_ProcessCpuLoad', 'java_lang_operatingsystem_processcpuload'], [], 'cpu_share', 'jvm', 36, 1, []),
    (['jvm_cpu_count', 'system_cpu_count', 'java_lang_OperatingSystem_AvailableProcessors', 'java_lang_operatingsystem_availableprocessors'], [], 'cpu_limit', 'jvm', 50, 1, []),
    (['jvm_memory_used', 'jvm_memory_used_bytes', 'jvm_memory_bytes_used', 'process_runtime_jvm_memory_usage', 'process_runtime_jvm_memory_usage_bytes'], [], 'memory_bytes', 'jvm', 50, 1, []),
    (['jvm_memory_used', 'jvm_memory_used_bytes', 'jvm_memory_bytes_used', 'process_runtime_jvm_memory_usage', 'process_runtime_jvm_memory_usage_bytes'], ['heap'], 'heap_bytes', 'jvm', 50, 1, []),
    (['java_lang_Memory_HeapMemoryUsage_used', 'java_lang_memory_heapmemoryusage_used'], [], 'heap_bytes', 'jvm', 51, 1, []),
    (['jvm_memory_limit', 'jvm_memory_limit_bytes', 'jvm_memory_max', 'jvm_memory_max_bytes', 'jvm_memory_bytes_max', 'process_runtime_jvm_memory_limit', 'process_runtime_jvm_memory_limit_bytes'], ['heap'], 'heap_limit', 'jvm', 50, 1, []),
    (['java_lang_Memory_HeapMemoryUsage_max', 'java_lang_memory_heapmemoryusage_max'], [], 'heap_limit', 'jvm', 51, 1, []),
    -- Machines: node exporter, OpenTelemetry's host metrics, Micrometer, Fluent Bit's inputs cpu and mem.
    (['node_cpu_seconds_total', 'system_cpu_time', 'system_cpu_time_seconds_total'], ['user', 'system', 'nice', 'irq', 'softirq', 'interrupt'], 'cpu_seconds', 'host', 90, 1, []),
    (['cpu_p_cpu'], [], 'cpu_cores', 'host', 91, 0.01, []),
    (['system_cpu_usage'], [], 'cpu_share', 'host', 91, 1, []),
    (['cpu_p'], [], 'cpu_share', 'host', 91, 0.01, []),
    (['system_cpu_logical_count'], [], 'cpu_limit', 'host', 90, 1, []),
    (['node_cpu_seconds_total', 'system_cpu_time', 'system_cpu_time_seconds_total'], ['idle'], 'cpu_count', 'host', 91, 1, []),
    (['cpu_p_cpu'], [], 'cpu_count', 'host', 91, 1, []),
    (['system_memory_usage', 'system_memory_usage_bytes'], ['used'], 'memory_bytes', 'host', 90, 1, []),
    (['Mem_used'], [], 'memory_bytes', 'host', 90, 1, []),
    (['node_memory_MemAvailable_bytes'], [], 'memory_available', 'host', 90, 1, []),
    (['system_memory_utilization', 'system_memory_utilization_ratio'], ['used'], 'memory_share', 'host', 90, 1, []),
    (['node_memory_MemTotal_bytes', 'system_memory_limit', 'system_memory_limit_bytes', 'Mem_total'], [], 'memory_limit', 'host', 90, 1, []),
    (['node_boot_time_seconds'], [], 'started_at', 'host', 90, 1, []),
    (['target_info'], [], 'version', 'process', 50, 1, ['service_version'])
);

-- How far a counter has risen from its first to its last sample, of which it was low and high at the extremes.
CREATE FUNCTION IF NOT EXISTS counter_rise AS (first, last, low, high) -> multiIf(
    last < high, high - first + last,
    low < first, last,
    last - first
);

-- The rise of a counter by seconds, from its last sample before to its last sample now, or from its first one now where
-- what it was before is unknown; NULL for a single sample. Where it falls it has begun anew at 0.
CREATE FUNCTION IF NOT EXISTS counter_rate AS (first, last, low, high, before, longest_gap) -> if(
    dateDiff('millisecond', tupleElement(before, 1), tupleElement(first, 1)) > longest_gap,
    counter_rise(tupleElement(first, 2), tupleElement(last, 2), low, high)
        / nullIf(dateDiff('millisecond', tupleElement(first, 1), tupleElement(last, 1)), 0) * 1000,
    (
        counter_rise(tupleElement(first, 2), tupleElement(last, 2), low, high)
        + counter_rise(
            tupleElement(before, 2), tupleElement(first, 2), least(tupleElement(before, 2), tupleElement(first, 2)),
            greatest(tupleElement(before, 2), tupleElement(first, 2))
        )
    ) / nullIf(dateDiff('millisecond', tupleElement(before, 1), tupleElement(last, 1)), 0) * 1000
);
