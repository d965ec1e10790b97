-- The id of a trace, or of a span where the number is 2, by the headers that carry it on: traceparent, b3, and X-B3's own.
-- https://www.w3.org/TR/trace-context/ and https://github.com/openzipkin/b3-propagation
lower(multiIf(
    {{1}} NOT IN ('', '-'), splitByChar('-', {{1}})[{{4}} + 1],
    {{2}} NOT IN ('', '-', '0', '1', 'd'), splitByChar('-', {{2}})[{{4}}],
    {{3}} != '-', {{3}},
    ''
))
