-- Whose fault it was, by the state in which HAProxy saw the session end: the first letter says who ended it, the second in
-- which phase. https://docs.haproxy.org/3.0/configuration.html#8.5
SELECT
    * REPLACE (
        multiIf(
            response_flags = '', fault,
            -- No backend was found.
            response_flags = 'SC', if(upstream = '', 'config', 'backend'),
            -- A request that is invalid, or that a rule denies; an answer that is invalid.
            response_flags = 'PR', if(status = 400, 'client', 'policy'),
            response_flags = 'PT', 'policy',
            response_flags = 'PH', 'backend',
            startsWith(lower(response_flags), 'c'), 'client',
            startsWith(lower(response_flags), 's'), 'backend',
            startsWith(response_flags, 'D'), 'backend',
            -- Its limits and its own errors.
            match(response_flags, '^[PRI]'), 'config',
            toString(fault)
        ) AS fault,
        multiIf(
            response_flags = 'PT', 'tarpit',
            response_flags != 'PR', '',
            status = 400, '',
            status = 401, 'authentication',
            status = 429, 'rate-limit',
            'deny'
        ) AS policy,
        multiIf(response_flags = 'PT', 'violation', response_flags != 'PR', '', status = 400, '', 'violation') AS policy_outcome
    )
FROM ({{inner}})
