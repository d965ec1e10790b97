"""ClickHouse, embedded or on a server: client, errors, migrations, read-only guard."""
