-- The body of a log record as text, where it is no list or map. What a body repeats of an access log's attributes is not
-- stored, and not read.
WITH
{{otlp_scalar}} AS text
SELECT * EXCEPT (body), if(attributes['response_code'] = '', text(body), '') AS body_text
FROM ({{inner}})
