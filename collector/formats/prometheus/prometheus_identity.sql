-- Whose a series is and what it measures, from its name and labels: the same for what is scraped and what is written
-- remotely. It stands below what reads values, because planning a function takes the longer the more there is below
-- it.
SELECT
    * EXCEPT (type, unit, payload_environment, payload_gateway, pod, address, workload, unit_of_name),
    -- Dead letters have one too, whatever their bytes.
    toValidUTF8(multiIf(
        labels['deployment_environment_name'] != '', labels['deployment_environment_name'],
        labels['deployment_environment'] != '', labels['deployment_environment'],
        labels['deployment.environment.name'] != '', labels['deployment.environment.name'],
        labels['deployment.environment'] != '', labels['deployment.environment'],
        labels['environment'] != '', labels['environment'],
        payload_environment != '', payload_environment,
        {{default_environment}}
    )) AS environment,
    multiIf(
        labels['container'] = 'istio-proxy' OR startsWith(name, 'istio_'), 'mesh',
        startsWith(name, 'envoy_'), 'envoy',
        startsWith(name, 'mule_'), 'mule',
        ''
    ) AS gateway_kind,
    -- docs/naming.md has the rule.
    multiIf(
        labels['gateway'] != '', labels['gateway'],
        workload != '', workload,
        -- What OpenTelemetry writes of a resource: the job, if it has one, is the service behind a namespace of services.
        labels['service_name'] != '' AND NOT startsWith(labels['service_name'], 'unknown_service')
            AND (labels['job'] = '' OR endsWith(concat('/', labels['job']), concat('/', labels['service_name']))),
            labels['service_name'],
        payload_gateway != '', payload_gateway,
        labels['job'] != '', labels['job'],
        peer
    ) AS gateway,
    if(pod != '', pod, address) AS instance,
    multiIf(
        labels['node'] != '', labels['node'],
        labels['kubernetes_node'] != '', labels['kubernetes_node'],
        labels['k8s.node.name'] != '', labels['k8s.node.name'],
        labels['k8s_node_name'] != '', labels['k8s_node_name'],
        labels['host_name'] != '', labels['host_name'],
        pod != '', '',
        address
    ) AS host,
    multiIf(
        type IN ('gauge', 'counter', 'histogram', 'summary', 'info', 'stateset', 'gaugehistogram'), transform(
            type, ['counter', 'info', 'stateset', 'gaugehistogram'], ['sum', 'gauge', 'gauge', 'histogram'], type
        ),
        -- If no metadata says it, names do by convention: https://prometheus.io/docs/practices/naming/
        endsWith(name, '_total'), 'sum',
        labels['quantile'] != '', 'summary',
        endsWith(name, '_bucket') ? labels['le'] != '' : 0, 'histogram',
        'unknown'
    ) AS stated_kind,
    transform(
        -- A unit is that of the values that were observed; a bucket and a count only say how many.
        multiIf(match(name, '_(bucket|g?count)$'), '', unit != '', unit, unit_of_name),
        [
            'seconds', 'milliseconds', 'microseconds', 'nanoseconds', 'bytes', 'ratio', 'celsius', 'meters', 'volts',
            'amperes', 'joules', 'grams'
        ],
        ['s', 'ms', 'us', 'ns', 'By', '1', 'Cel', 'm', 'V', 'A', 'J', 'g']
    ) AS unit
FROM
(
    SELECT
        * EXCEPT (namespace, stated_address),
        extract(
            name, '_((?:milli|micro|nano)?seconds|bytes|ratio|celsius|meters|volts|amperes|joules|grams)(?:_total|_sum)?$'
        ) AS unit_of_name,
        if(
            pod != '' OR labels['app'] = '' OR namespace = '',
            {{gateway_of_pod(pod; namespace)}},
            concat(labels['app'], '.', namespace)
        ) AS workload,
        -- The host of what was scraped: on another port the same host exposes its other metrics.
        {{address_without_port(stated_address)}} AS address
    FROM
    (
        SELECT
            *,
            toLowCardinality(multiIf(
                labels['pod'] != '', labels['pod'],
                labels['kubernetes_pod_name'] != '', labels['kubernetes_pod_name'],
                labels['k8s.pod.name'] != '', labels['k8s.pod.name'],
                labels['k8s_pod_name']
            )) AS pod,
            toLowCardinality(multiIf(
                labels['namespace'] != '', labels['namespace'],
                labels['kubernetes_namespace'] != '', labels['kubernetes_namespace'],
                labels['k8s.namespace.name'] != '', labels['k8s.namespace.name'],
                labels['k8s_namespace_name']
            )) AS namespace,
            toLowCardinality(multiIf(
                -- An SDK draws a UUID anew at each start: a host says more.
                labels['host_name'] != '' AND match(labels['instance'], '^(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$'),
                    labels['host_name'],
                labels['instance'] != '', labels['instance'],
                {{instance_of_peer(peer)}}
            )) AS stated_address
        FROM ({{inner}})
    )
)
