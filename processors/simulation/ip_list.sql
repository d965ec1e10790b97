-- Each address is judged once. What is no address is on no list. Who is let through is counted together, as ''.
SELECT
    key,
    step,
    0 AS peak,
    requests,
    if(is_refused, requests, 0) AS stopped,
    0 AS delayed,
    0 AS saved_us
FROM
(
    SELECT
        seen.client_address IN (
            SELECT address
            FROM
            (
                SELECT DISTINCT seen.client_address AS address, isIPv4String(address) OR isIPv6String(address) AS is_one
                FROM usage_requests AS seen
                WHERE {where}
            )
            WHERE arrayExists(network -> is_one AND isIPAddressInRange(address, network), {block:Array(String)})
                OR (
                    notEmpty({allow:Array(String)})
                    AND NOT arrayExists(network -> is_one AND isIPAddressInRange(address, network), {allow:Array(String)})
                )
        ) AS is_refused,
        if(is_refused, toString(seen.client_address), '') AS key,
        {step_of_request} AS step,
        count() AS requests
    FROM usage_requests AS seen
    WHERE {where}
    GROUP BY key, step, is_refused
)
