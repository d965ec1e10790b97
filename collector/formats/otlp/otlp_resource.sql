-- Who tells: what a resource's attributes say of the gateway, and what else they say. docs/naming.md has the rule.
-- https://opentelemetry.io/docs/specs/semconv/resource/
WITH
    names -> arrayFirst(word -> word != '', arrayMap(name -> attributes[name], names)) AS first_of,
    first_of(['gateway', 'gateway.name']) AS gateway,
    first_of(['k8s.deployment.name', 'k8s.statefulset.name', 'k8s.daemonset.name']) AS workload,
    attributes['k8s.namespace.name'] AS namespace,
    attributes['service.instance.id'] AS service_instance,
    first_of(['host.name', 'host.id', 'container.id']) AS host
SELECT
    * EXCEPT (attributes),
    toValidUTF8(first_of(['deployment.environment.name', 'deployment.environment'])) AS named_environment,
    toValidUTF8(attributes['service.name']) AS service,
    -- Envoy's access logger names its node, and an SDK may be told its id.
    toValidUTF8(arrayFirst(node -> node LIKE '%~%~%~%', [attributes['node_name'], service_instance])) AS istio_node,
    toValidUTF8(multiIf(
        gateway != '', gateway,
        attributes['k8s.pod.name'] != '', {{gateway_of_pod(attributes['k8s.pod.name']; namespace)}},
        workload != '', concat(workload, if(namespace = '', '', '.'), namespace),
        istio_node != '', {{gateway_of_node(istio_node)}},
        attributes['cluster_name'] != '', attributes['cluster_name'],
        -- What an SDK says that was told nothing.
        startsWith(service, 'unknown_service'), '',
        service
    )) AS resource_gateway,
    toValidUTF8(multiIf(
        attributes['instance'] != '', attributes['instance'],
        attributes['k8s.pod.name'] != '', attributes['k8s.pod.name'],
        istio_node != '', {{pod_of_node(istio_node)}},
        -- An SDK draws a UUID anew at each start: a host says more.
        service_instance != '' AND NOT (host != '' AND match(service_instance, '^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$')),
            service_instance,
        attributes['node_name'] != '', attributes['node_name'],
        host
    )) AS resource_instance,
    toValidUTF8(first_of(['k8s.node.name', 'host.name', 'host.id'])) AS resource_host,
    multiIf(
        attributes['gateway.kind'] IN ('mule', 'flex', 'mesh', 'envoy', 'proxy'), attributes['gateway.kind'],
        -- What Mule's own exporter says unless it is told otherwise, and what modules for it say.
        attributes['service.namespace'] = 'mule' OR arrayExists(name -> startsWith(name, 'mule.'), mapKeys(attributes)),
            'mule',
        istio_node != '', 'mesh',
        mapContains(attributes, 'node_name') OR attributes['telemetry.sdk.name'] = 'envoy', 'envoy',
        ''
    ) AS resource_kind,
    mapFilter(
        (name, value) -> value != '' AND name NOT IN (
            'deployment.environment.name', 'deployment.environment', 'node_name', 'service.instance.id', 'gateway',
            'gateway.name', 'gateway.kind', 'instance',
            -- They tell nothing of what is told, and would start every series anew with each upgrade.
            'telemetry.sdk.name', 'telemetry.sdk.language', 'telemetry.sdk.version'
        ) AND NOT (name IN ('service.name', 'cluster_name') AND toValidUTF8(value) = resource_gateway),
        attributes
    ) AS resource
FROM ({{inner}})
