-- Who tells: what a resource's attributes say of the gateway, and what else they say.
-- https://opentelemetry.io/docs/specs/semconv/resource/
WITH
    names -> arrayFirst(word -> word != '', arrayMap(name -> attributes[name], names)) AS first_of
SELECT
    * EXCEPT (attributes),
    toValidUTF8(first_of(['deployment.environment.name', 'deployment.environment'])) AS named_environment,
    toValidUTF8(attributes['service.name']) AS service,
    -- Envoy's access logger names its node instead.
    toValidUTF8(first_of(['cluster_name', 'service.name'])) AS node_cluster,
    toValidUTF8(first_of(['node_name', 'service.instance.id', 'k8s.pod.name', 'host.name', 'host.id'])) AS node_id,
    multiIf(
        attributes['gateway.kind'] IN ('mule', 'flex', 'mesh', 'envoy', 'proxy'), attributes['gateway.kind'],
        -- What Mule's own exporter says unless it is told otherwise, and what modules for it say.
        attributes['service.namespace'] = 'mule' OR arrayExists(name -> startsWith(name, 'mule.'), mapKeys(attributes)),
            'mule',
        node_id LIKE '%~%~%~%', 'mesh',
        mapContains(attributes, 'node_name') OR attributes['telemetry.sdk.name'] = 'envoy', 'envoy',
        ''
    ) AS resource_kind,
    mapFilter(
        (name, value) -> value != '' AND name NOT IN (
            'deployment.environment.name', 'deployment.environment', 'service.name', 'cluster_name', 'node_name',
            'service.instance.id', 'gateway.kind',
            -- They tell nothing of what is told, and would start every series anew with each upgrade.
            'telemetry.sdk.name', 'telemetry.sdk.language', 'telemetry.sdk.version'
        ),
        attributes
    ) AS resource
FROM ({{inner}})
