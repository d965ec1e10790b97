-- The resources of an OTLP request of any signal, whose message is (resource, scopes) in each.
SELECT
    received_at,
    payload_environment,
    payload_gateway,
    peer,
    tupleElement(tupleElement(by_resource, 1), 'attributes') AS raw_attributes,
    tupleElement(by_resource, 2) AS scopes
FROM
(
    SELECT received_at, payload_environment, payload_gateway, peer, arrayJoin(tupleElement(body, 1)) AS by_resource
    FROM ({{inner}})
)
