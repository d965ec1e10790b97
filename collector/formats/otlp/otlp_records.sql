-- The records of an OTLP request of any signal: log records, metrics or spans.
SELECT
    * EXCEPT (by_scope),
    tupleElement(tupleElement(by_scope, 1), 'name') AS scope_name,
    tupleElement(tupleElement(by_scope, 1), 'version') AS scope_version,
    arrayJoin(tupleElement(by_scope, 2)) AS entry
FROM
(
    SELECT * EXCEPT (scopes), arrayJoin(scopes) AS by_scope
    FROM ({{inner}})
)
