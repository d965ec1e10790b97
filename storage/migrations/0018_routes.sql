-- What routes are called: of an API, the route as a request was stored with, and the template that it belongs to.
CREATE TABLE IF NOT EXISTS route_decisions
(
    api        LowCardinality(String),
    -- The route of requests, as the gateway named it or as their path became it.
    observed   String,
    -- The template, e.g. '/users/{user}'; a catch-all in brackets.
    route      String,
    -- 'document', 'mined', 'not_found' or 'capped'.
    reason     LowCardinality(String),
    decided_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(decided_at)
ORDER BY (api, observed);

-- The same in memory, for questions.
CREATE TABLE IF NOT EXISTS route_names
(
    api      LowCardinality(String),
    observed String,
    route    String
)
ENGINE = Join(ANY, LEFT, api, observed)
SETTINGS join_any_take_last_row = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS route_names_from_decisions TO route_names AS
SELECT api, observed, route
FROM route_decisions;

-- What a request's route is called: as decided, or as it was stored.
CREATE FUNCTION IF NOT EXISTS route_name AS (api, route) -> if(
    joinGet('route_names', 'route', api, toString(route)) = '',
    toString(route),
    joinGet('route_names', 'route', api, toString(route))
);
