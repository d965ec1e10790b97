-- Whose a series is and what it measures, from its name and labels: the same for what is scraped and what is written
-- remotely. It stands below what reads values, because planning a function takes the longer the more there is below
-- it.
SELECT
    * EXCEPT (type, unit, payload_environment, payload_gateway, pod, workload, unit_of_name),
    -- Dead letters have one too, whatever their bytes.
    toValidUTF8(multiIf(
        labels['deployment_environment_name'] != '', labels['deployment_environment_name'],
        labels['deployment_environment'] != '', labels['deployment_environment'],
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
    multiIf(
        payload_gateway != '', payload_gateway, workload != '', workload, labels['job'] != '', labels['job'], peer
    ) AS gateway,
    multiIf(pod != '', pod, labels['instance'] != '', labels['instance'], peer) AS instance,
    multiIf(
        type IN ('gauge', 'counter', 'histogram', 'summary', 'info', 'stateset', 'gaugehistogram'), transform(
            type, ['counter', 'info', 'stateset', 'gaugehistogram'], ['sum', 'gauge', 'gauge', 'histogram'], type
        ),
        -- Where nobody tells, names do by convention: https://prometheus.io/docs/practices/naming/
        endsWith(name, '_total'), 'sum',
        labels['quantile'] != '', 'summary',
        endsWith(name, '_bucket') ? labels['le'] != '' : 0, 'histogram',
        'unknown'
    ) AS kind_told,
    transform(
        -- A unit is that of the values that were observed; a bucket and a count only say how many.
        multiIf(match(name, '_(bucket|g?count)$'), '', unit != '', unit, unit_of_name),
        ['seconds', 'bytes', 'ratio', 'celsius', 'meters', 'volts', 'amperes', 'joules', 'grams'],
        ['s', 'By', '1', 'Cel', 'm', 'V', 'A', 'J', 'g']
    ) AS unit
FROM
(
    SELECT
        * EXCEPT (namespace),
        extract(
            name, '_(seconds|bytes|ratio|celsius|meters|volts|amperes|joules|grams)(?:_total|_sum)?$'
        ) AS unit_of_name,
        if(pod = '', '', concat(
            {{workload_of_pod(pod)}},
            if(namespace = '', '', '.'),
            namespace
        )) AS workload
    FROM
    (
        SELECT *, toLowCardinality(labels['pod']) AS pod, toLowCardinality(labels['namespace']) AS namespace
        FROM ({{inner}})
    )
)
