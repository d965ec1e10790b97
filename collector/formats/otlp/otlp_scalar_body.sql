-- The body of a log record as text, where it is no list or map.
WITH
{{otlp_scalar}} AS text
SELECT * EXCEPT (body), text(body) AS body_text
FROM ({{inner}})
