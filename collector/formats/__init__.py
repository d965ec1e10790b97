"""What each format means, as SQL that ClickHouse runs over spool segments."""
