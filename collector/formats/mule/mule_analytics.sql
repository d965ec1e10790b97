-- An API analytics event of Mule, wherever it stands: alone (the agent, POST /v2/analytics/events), or as the message of
-- AnalyticsHttpEventsLogger in a log of any layout.
-- https://docs.mulesoft.com/mule-gateway/mule-gateway-metrics
SELECT
    *,
    notEmpty(event_text) AS is_event,
    JSONExtract(event_text, 'Tuple(
        api_id String, api_name String, api_version String, api_version_id String, application_name String,
        client_id String, client_ip String, event_id String, host_id String, org_id String, path String,
        policy_violation Tuple(policy_id String, policy_name String, outcome String), received_ts String,
        replied_ts String, request_bytes String, request_disposition String, response_bytes String, status_code String,
        transaction_id String, user_agent String, verb String, deployment_type String)') AS event
FROM
(
    SELECT
        *,
        multiIf(
            is_event_alone, substring(record_text, position(record_text, '{')),
            endsWith(logger, 'AnalyticsHttpEventsLogger'), if(message = '', record_text, message),
            ''
        ) AS event_text
    FROM ({{inner}})
)
