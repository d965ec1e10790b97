-- Spans, and what attributes they have. What happened in them, and what they are linked to, is JSON.
WITH
{{otlp_value}} AS json,
    attributes -> concat(
        '{',
        arrayStringConcat(
            arrayMap(
                (name, value) -> concat(toJSONString(name), ':', json(value)),
                tupleElement(attributes, 'key'),
                tupleElement(attributes, 'value')
            ),
            ','
        ),
        '}'
    ) AS object
SELECT
    * EXCEPT (entry, events, links),
    tupleElement(entry, 'trace_id') AS raw_trace_id,
    tupleElement(entry, 'span_id') AS raw_span_id,
    tupleElement(entry, 'parent_span_id') AS raw_parent_span_id,
    tupleElement(entry, 'trace_state') AS trace_state,
    toValidUTF8(tupleElement(entry, 'name')) AS name,
    tupleElement(entry, 'kind') AS kind_number,
    tupleElement(entry, 'start_time_unix_nano') AS started_ns,
    tupleElement(entry, 'end_time_unix_nano') AS ended_ns,
    tupleElement(entry, 'attributes') AS raw_attributes,
    tupleElement(tupleElement(entry, 'status'), 'code') AS status_code,
    tupleElement(tupleElement(entry, 'status'), 'message') AS status_message,
    if(
        empty(events),
        '',
        concat(
            '[',
            arrayStringConcat(
                arrayMap(
                    (time, name, attributes) -> concat(
                        '{"time":"', toString(fromUnixTimestamp64Nano(toInt64(time), 'UTC')), '","name":', toJSONString(name),
                        ',"attributes":', object(attributes), '}'
                    ),
                    tupleElement(events, 'time_unix_nano'),
                    tupleElement(events, 'name'),
                    tupleElement(events, 'attributes')
                ),
                ','
            ),
            ']'
        )
    ) AS event_text,
    if(
        empty(links),
        '',
        concat(
            '[',
            arrayStringConcat(
                arrayMap(
                    (trace, span, attributes) -> concat(
                        '{"trace_id":"', length(trace) = 16 ? lower(hex(trace)) : lower(trace),
                        '","span_id":"', length(span) = 8 ? lower(hex(span)) : lower(span),
                        '","attributes":', object(attributes), '}'
                    ),
                    tupleElement(links, 'trace_id'),
                    tupleElement(links, 'span_id'),
                    tupleElement(links, 'attributes')
                ),
                ','
            ),
            ']'
        )
    ) AS link_text
FROM
(
    SELECT *, tupleElement(entry, 'events') AS events, tupleElement(entry, 'links') AS links
    FROM ({{inner}})
)
