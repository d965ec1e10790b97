-- The numbers of Fluent Bit's records, each with its record, and the texts of the record as labels. cpu3.p_user and
-- eth0.rx.bytes are the same measures of many cores and interfaces, so these are labels too.
SELECT
    * EXCEPT (numbers, label_names),
    arrayJoin(empty(numbers) ? [('', '')] : numbers) AS number,
    extract(number.1, '^cpu([0-9]+)\\.p_(?:cpu|user|system)$') AS core,
    extract(number.1, '^(.+)\\.[rt]x\\.[a-z]+$') AS interface,
    multiIf(
        core != '', concat('cpu', substring(number.1, length(core) + 4)),
        interface != '', substring(number.1, length(interface) + 2),
        number.1
    ) AS name,
    who.instance != '' ? who.instance : toString({{instance_of_peer(peer)}}) AS instance,
    mapFilter(
        (label, text) -> text != '',
        mapConcat(
            mapFilter((label, text) -> has(label_names, label), who.attributes),
            map('cpu', core, 'interface', interface)
        )
    ) AS stated_labels
FROM
(
    SELECT
        *,
        JSONExtractKeysAndValuesRaw(line) AS pairs,
        arrayFilter(
            pair -> pair.1 NOT IN (
                'date', 'time', 'timestamp', '@timestamp', 'ts', 'fluent_time', 'PRIORITY',
                -- What was measured, and not how much.
                'pid', 'port',
                -- A pointer, in some versions.
                'proc_hr'
            ) AND (pair.1 = 'alive' ? pair.2 IN ('true', 'false') : toFloat64OrNull(pair.2) IS NOT NULL),
            pairs
        ) AS numbers,
        arrayConcat(
            arrayMap(
                pair -> pair.1,
                arrayFilter(
                    pair -> pair.1 IN ('pid', 'port')
                        OR startsWith(pair.2, '"')
                            AND pair.1 NOT IN ('date', 'time', 'timestamp', '@timestamp', 'ts', '_p', 'proc_hr'),
                    pairs
                )
            ),
            ['fluent.tag', 'k8s.pod.name', 'k8s.namespace.name', 'k8s.container.name', 'k8s.node.name']
        ) AS label_names
    FROM ({{inner}})
)
