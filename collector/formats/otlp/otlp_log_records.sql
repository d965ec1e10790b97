-- Log records, and what attributes they have.
SELECT
    * EXCEPT (entry),
    tupleElement(entry, 'time_unix_nano') AS time_unix_nano,
    tupleElement(entry, 'observed_time_unix_nano') AS observed_time_unix_nano,
    tupleElement(entry, 'severity_number') AS severity_number,
    toValidUTF8(tupleElement(entry, 'severity_text')) AS severity_text,
    tupleElement(entry, 'body') AS body,
    tupleElement(entry, 'attributes') AS raw_attributes,
    tupleElement(entry, 'trace_id') AS raw_trace_id,
    tupleElement(entry, 'span_id') AS raw_span_id,
    tupleElement(entry, 'event_name') AS event_name
FROM ({{inner}})
