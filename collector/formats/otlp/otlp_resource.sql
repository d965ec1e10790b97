-- The sender: what a resource's attributes say of the gateway, and what else they say. docs/naming.md has the rule.
-- Three queries, because an alias is planned again wherever it stands.
-- https://opentelemetry.io/docs/specs/semconv/resource/
SELECT
    * EXCEPT (attributes, workload, namespace, service_instance, host),
    mapFilter(
        (name, value) -> multiIf(
            value = '', 0,
            name IN (
                'deployment.environment.name', 'deployment.environment', 'node_name', 'service.instance.id', 'gateway',
                'gateway.name', 'gateway.kind', 'instance',
                -- They describe the SDK, and would start every series over with each upgrade.
                'telemetry.sdk.name', 'telemetry.sdk.language', 'telemetry.sdk.version'
            ), 0,
            name NOT IN ('service.name', 'cluster_name'), 1,
            toValidUTF8(value) != resource_gateway
        ),
        attributes
    ) AS resource
FROM
(
    WITH names -> arrayFirst(word -> word != '', arrayMap(name -> attributes[name], names)) AS first_of
    SELECT
        *,
        toValidUTF8(first_of(['deployment.environment.name', 'deployment.environment'])) AS named_environment,
        toValidUTF8(firstNonDefault(
            first_of(['gateway', 'gateway.name']),
            {{gateway_of_pod(attributes['k8s.pod.name']; namespace)}},
            if(workload = '', '', concat(workload, if(namespace = '', '', '.'), namespace)),
            {{gateway_of_node(istio_node)}},
            attributes['cluster_name'],
            -- The default of an SDK.
            if(startsWith(service, 'unknown_service'), '', service)
        )) AS resource_gateway,
        toValidUTF8(firstNonDefault(
            attributes['instance'],
            attributes['k8s.pod.name'],
            {{pod_of_node(istio_node)}},
            -- An SDK draws a UUID anew at each start: a host says more.
            if(
                host != '',
                replaceRegexpOne(service_instance, '^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$', ''),
                service_instance
            ),
            attributes['node_name'],
            host
        )) AS resource_instance,
        toValidUTF8(first_of(['k8s.node.name', 'host.name', 'host.id'])) AS resource_host,
        multiIf(
            attributes['gateway.kind'] IN ('mule', 'flex', 'mesh', 'envoy', 'proxy'), attributes['gateway.kind'],
            -- The default of Mule's own exporter and of modules for it.
            attributes['service.namespace'] = 'mule', 'mule',
            arrayExists(name -> startsWith(name, 'mule.'), mapKeys(attributes)), 'mule',
            istio_node != '', 'mesh',
            mapContains(attributes, 'node_name'), 'envoy',
            attributes['telemetry.sdk.name'] = 'envoy', 'envoy',
            ''
        ) AS resource_kind
    FROM
    (
        WITH names -> arrayFirst(word -> word != '', arrayMap(name -> attributes[name], names)) AS first_of
        SELECT
            *,
            first_of(['k8s.deployment.name', 'k8s.statefulset.name', 'k8s.daemonset.name']) AS workload,
            attributes['k8s.namespace.name'] AS namespace,
            attributes['service.instance.id'] AS service_instance,
            first_of(['host.name', 'host.id', 'container.id']) AS host,
            toValidUTF8(attributes['service.name']) AS service,
            -- Envoy's access logger names its node, and an SDK may be given its id.
            toValidUTF8(arrayFirst(node -> node LIKE '%~%~%~%', [attributes['node_name'], service_instance])) AS istio_node
        FROM ({{inner}})
    )
)
