-- One request by its id, or those of a trace: 1.2 bytes an event each, where they have one.
ALTER TABLE requests ADD INDEX IF NOT EXISTS request_id_bloom request_id TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE requests ADD INDEX IF NOT EXISTS trace_id_bloom trace_id TYPE bloom_filter(0.01) GRANULARITY 1;

-- In the background, for what is stored already.
ALTER TABLE requests MATERIALIZE INDEX request_id_bloom;

ALTER TABLE requests MATERIALIZE INDEX trace_id_bloom;
