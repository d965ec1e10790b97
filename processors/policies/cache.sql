-- What caches answered, by API, gateway and outcome, wherever the access log says it.
SELECT
    api,
    gateway,
    multiIf(
        word IN ('hit', 'stale', 'updating', 'revalidated'), 'hit',
        word IN ('miss', 'expired', 'none'), 'miss',
        'bypass'
    ) AS outcome,
    sum(counted) AS requests
FROM
(
    SELECT
        toString(api) AS api,
        toString(gateway) AS gateway,
        if(
            position(attributes['envoy.response_code_details'], 'cache_filter') > 0,
            'hit',
            -- Of several words, such as those of the header Cache-Status, the first that says it.
            extract(
                lower(arrayFirst(text -> text != '', arrayMap(name -> attributes[name], {attributes:Array(String)}))),
                'hit|miss|expired|stale|updating|revalidated|bypass|none'
            )
        ) AS word,
        count() AS counted
    FROM usage_requests
    WHERE time >= {start:DateTime64(6, 'UTC')} AND time < {end:DateTime64(6, 'UTC')}
        AND toStartOfHour(time) BETWEEN toStartOfHour({start:DateTime64(6, 'UTC')}) AND {end:DateTime64(6, 'UTC')} AND {where}
    GROUP BY api, gateway, word
)
WHERE word != ''
GROUP BY api, gateway, outcome
ORDER BY requests DESC, api, gateway, outcome
