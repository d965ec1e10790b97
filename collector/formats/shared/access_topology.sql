-- Where a request went: through a mesh or a gateway, to which service.
-- Istio names clusters direction|port|subset|host, or before 1.9 inbound|port|port name|host, and nodes
-- type~address~pod.namespace~namespace.domain.
-- Two queries, and not one for each step: what a name stands for is planned anew wherever the name stands, but what is
-- short costs less than all columns once more.
SELECT
    * EXCEPT (is_mesh_cluster, is_mesh_node, node_parts, cluster_parts, service_host),
    if(is_mesh_node, {{gateway_of_node(node_id)}}, '') AS gateway_of_node,
    if(is_mesh_node, {{pod_of_node(node_id)}}, '') AS pod_of_node,
    multiIf(
        service_host = '', '',
        -- Within its namespace a service is called by its name alone.
        if(is_mesh_node, position(service_host, '.') = 0, 0), concat(service_host, '.', splitByChar('.', node_parts[4])[1]),
        arrayStringConcat(arraySlice(splitByChar('.', service_host), 1, 2), '.')
    ) AS service,
    if(is_inbound, '', cluster_parts[3]) AS subset,
    toLowCardinality(multiIf(in_mesh, '', cluster != '', toString(cluster), toString(route_name))) AS api_name,
    if(response_flags = '', [], splitByChar(',', toString(response_flags))) AS flag_list
FROM
(
    SELECT
        *,
        countSubstrings(cluster, '|') = 3 AS is_mesh_cluster,
        node_id LIKE '%~%~%~%' AS is_mesh_node,
        -- Istio's clusters for what it knows no service of.
        multiIf(
            is_mesh_cluster, 1,
            is_mesh_node, 1,
            position(cluster, 'PassthroughCluster') > 0, 1,
            cluster = 'BlackHoleCluster'
        ) AS in_mesh,
        if(is_mesh_cluster, startsWith(cluster, 'inbound|'), startsWith(cluster, 'InboundPassthrough')) AS is_inbound,
        if(is_mesh_node, splitByChar('~', node_id), []) AS node_parts,
        if(is_mesh_cluster, splitByChar('|', toString(cluster)), []) AS cluster_parts,
        multiIf(
            NOT in_mesh, '',
            cluster_parts[4] != '', cluster_parts[4],
            startsWith(server_name, 'outbound_.'), splitByString('_.', toString(server_name))[-1],
            -- Who asks a pod by its address, as Prometheus does, names no service.
            match(authority, '^[0-9.]+(?::[0-9]+)?$|^\\[|^-$'), '',
            splitByChar(':', authority)[1]
        ) AS service_host
    FROM ({{inner}})
)
