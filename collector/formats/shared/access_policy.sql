-- Which API it is, and which policy ended the request, if one did.
SELECT
    *,
    multiIf(
        named_api != '', named_api,
        service != '', service,
        api_name != '', toString(replaceRegexpOne(api_name, '[-_.]v[0-9]+$', '')),
        -- 404 by the gateway itself is of no API, as any path that somebody tries out; by a service behind it, it is.
        if(status = 404, upstream_address != '', 1),
            {{first_path_segment(path)}},
        ''
    ) AS api,
    multiIf(
        went_well, '',
        has(flag_list, 'RL'), 'rate-limit',
        has(flag_list, 'RLSE'), 'rate-limit-service',
        has(flag_list, 'UAEX'), 'external-authorization',
        startsWith(details, 'rbac_access_denied'), 'rbac',
        startsWith(details, 'jwt_authn'), 'jwt',
        position(details, 'api_key') > 0, 'api-key',
        ''
    ) AS policy
FROM ({{inner}})
