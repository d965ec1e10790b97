-- How long a request took, if the line has it with its unit: by a name, behind the number, or by its program's format.
-- A number with neither a name nor a unit may be anything, and is no duration: `doubt` says so.
-- nginx's times are seconds, with three digits behind the point. Those of several upstreams are added up.
SELECT
    *,
    times[1] AS took_us,
    times[2] AS upstream_took_us,
    if(
        took_us IS NULL AND (match(request_time, '[0-9]') OR length(with_unit) > 1 OR notEmpty(bare_numbers))
            OR upstream_took_us IS NULL AND match(upstream_time, '[0-9]'),
        'duration_without_unit',
        ''
    ) AS doubt
FROM
(
    SELECT
        *,
        if(
            request_time = '' AND upstream_time = '',
            [NULL, NULL],
            arrayMap(
                duration -> accurateCastOrNull(
                    round(
                        nullIf(
                            transform(
                                extract(duration, '[^-0-9., ]+$'),
                                ['s', 'sec', 'seconds', 'ms', 'msec', 'us', 'µs', 'μs', 'usec', 'ns'],
                                [1e6, 1e6, 1e6, 1e3, 1e3, 1., 1., 1., 1., 1e-3],
                                -1.
                            ),
                            -1.
                        )
                        * arraySum(arrayMap(number -> toFloat64OrZero(number), extractAll(duration, '[0-9]+(?:[.][0-9]+)?')))
                    ),
                    'UInt64'
                ),
                arrayMap(
                    duration -> match(duration, '^(?:[0-9]+[.][0-9]{3}|-)(?:, ?(?:[0-9]+[.][0-9]{3}|-))*$') AND duration != '-' ? concat(duration, 's') : duration,
                    [request_time, upstream_time]
                )
            )
        ) AS times
    FROM
    (
        SELECT
            *,
            if(
                empty(words) OR from_ingress OR stated_request != '',
                [],
                -- Two spaces stand between words, so that each has those around it for itself.
                extractAll(
                    arrayStringConcat(words, '  '),
                    '(?:^| )([0-9]+(?:[.][0-9]+)? {0,2}(?:ns|us|µs|μs|usec|ms|msec|s|sec|seconds)[,;]?)(?: |$)'
                )
            ) AS with_unit,
            if(
                position(tail, '/') = 0,
                [],
                arrayMap(
                    number -> toUInt64OrZero(number),
                    extractGroups(tail, '(?:^|[\\s"*])([0-9]+)/([0-9]+)(?:$|[\\s"*])')
                )
            ) AS whole_and_fine,
            if(
                empty(words) OR from_ingress OR counts_bytes,
                [],
                arrayFilter(
                    word -> length(word) < 16
                        AND match(word, '^[\\[<(]?[0-9]+(?:[.][0-9]{1,9})?(?:,[-0-9.]+)*[\\]>)]?[,;]?$')
                        -- nginx' $msec is a time.
                        AND NOT match(word, '^[0-9]{10}[.][0-9]{3}$'),
                    words
                )
            ) AS bare_numbers,
            multiIf(
                from_ingress, words[2],
                length(with_unit) = 1, replaceAll(with_unit[1], ' ', ''),
                empty(whole_and_fine), '',
                -- Below a millisecond of a second both agree; the asterisks are Apache's.
                whole_and_fine[1] = intDiv(whole_and_fine[2], 1000000)
                    AND (whole_and_fine[2] >= 1000 OR position(tail, '**') > 0),
                    concat(toString(whole_and_fine[2]), 'us'),
                whole_and_fine[1] > 0 AND whole_and_fine[1] = intDiv(whole_and_fine[2], 1000),
                    concat(toString(whole_and_fine[2]), 'ms'),
                toString(whole_and_fine[2])
            ) AS in_order,
            multiIf(
                NOT in_pairs, in_order,
                stated_request != '', stated_request,
                stated_duration != '', stated_duration,
                -- nginx' is that of the upstream, and other programs have a unit.
                match(stated_response, '[a-z]$'), stated_response,
                in_order
            ) AS request_time,
            multiIf(
                from_ingress, words[7],
                stated_upstream != '', stated_upstream,
                match(stated_response, '[a-z]$'), '',
                stated_response
            ) AS upstream_time
        FROM ({{inner}})
    )
)
