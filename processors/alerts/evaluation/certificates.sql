-- Days until certificates expire, by the latest sample of each series: the fewest of all replicas of a gateway.
SELECT
    environment,
    gateway,
    certificate,
    min(days_left) AS days
FROM
(
    WITH
        -- Envoy's tags, as Prometheus and as OTLP write them.
        concat(labels['envoy_tls_certificate'], labels['envoy.tls_certificate']) AS of_envoy,
        concat(
            labels['envoy_listener_address'], labels['envoy.listener_address'],
            labels['envoy_cluster_name'], labels['envoy.cluster_name']
        ) AS place
    SELECT
        environment,
        gateway,
        -- What names it: a host, a secret, a common name; '' where the metric is of all of a gateway's. Envoy calls all
        -- that come of files alike, so these are named by their listener or cluster too.
        coalesce(
            if(startsWith(of_envoy, 'unnamed_') AND place != '', concat(place, '/', of_envoy), nullIf(of_envoy, '')),
            nullIf(labels['host'], ''), nullIf(labels['secret_name'], ''),
            nullIf(labels['resource_name'], ''), nullIf(labels['cn'], ''), nullIf(labels['name'], ''),
            nullIf(extract(name, 'ssl[._]certificate[._](.+)[._]expiration_unix_time_seconds$'), ''), ''
        ) AS certificate,
        argMax(value, time) AS latest,
        multiIf(
            name = 'envoy_server_days_until_first_cert_expiring' OR name = 'server.days_until_first_cert_expiring', latest,
            name = 'istio_agent_cert_expiry_seconds', latest / 86400,
            (latest - toUnixTimestamp({end:DateTime64(6, 'UTC')})) / 86400
        ) AS days_left
    FROM metrics
    WHERE time > {start:DateTime64(6, 'UTC')} AND time <= {end:DateTime64(6, 'UTC')}
        AND
        (
            name IN (
                -- Envoy, Flex and Istio's proxy, scraped or over OTLP.
                'envoy_server_days_until_first_cert_expiring', 'server.days_until_first_cert_expiring',
                'istio_agent_cert_expiry_seconds',
                -- The ingress controllers of nginx and Traefik.
                'nginx_ingress_controller_ssl_expire_time_seconds', 'traefik_tls_certs_not_after',
                -- What watches certificates for others, such as HAProxy, which has no such metric.
                'certmanager_certificate_expiration_timestamp_seconds', 'probe_ssl_earliest_cert_expiry',
                'x509_cert_not_after'
            )
            OR match(name, '^(envoy_)?(listener|cluster)[._].*ssl[._]certificate[._].*expiration_unix_time_seconds$')
        )
    GROUP BY environment, gateway, instance, name, labels
    -- Not Envoy's number where it has no certificate, nor its time where it cannot read one, which is that of 1970. That no
    -- day is left is 0, even long after.
    HAVING days_left > -10000 AND days_left < 36500
)
GROUP BY environment, gateway, certificate
ORDER BY environment, gateway, certificate
