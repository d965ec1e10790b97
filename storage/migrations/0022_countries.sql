-- Which country networks are in, as a file says that people give.
CREATE TABLE IF NOT EXISTS networks
(
    -- e.g. '203.0.113.0/24'.
    network   String,
    -- ISO 3166-1, e.g. 'NL'.
    country   LowCardinality(String),
    -- The digest of the file, in the rows that were loaded last of it; '' in those before.
    file      String,
    loaded_at DateTime64(6, 'UTC')
)
ENGINE = MergeTree
ORDER BY (loaded_at, network);

-- The same in memory. The address is that of this very server: a name would have to be looked up.
CREATE DICTIONARY IF NOT EXISTS countries
(
    network String,
    country String
)
PRIMARY KEY network
SOURCE(CLICKHOUSE(
    HOST '127.0.0.1'
    QUERY 'SELECT network, toString(country) AS country FROM networks WHERE loaded_at = (SELECT max(loaded_at) FROM networks WHERE file != \'\')'
))
LAYOUT(IP_TRIE)
LIFETIME(0);

-- The country of a client's address; '' where it is not known.
CREATE FUNCTION IF NOT EXISTS country_of AS (address) ->
    dictGetOrDefault('countries', 'country', tuple(toIPv6OrDefault(toString(address))), '');
