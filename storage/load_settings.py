"""How segments are read, so that a retry is recognised."""

from storage.settings import Settings

# A segment must become the same blocks at each try, or a retry would not be recognised: one reading thread
# keeps the order, and one block per partition keeps the count.
LOAD_SETTINGS: Settings = {
    "max_threads": 1,
    "max_insert_threads": 1,
    "min_insert_block_size_rows": 100_000_000,
    "min_insert_block_size_bytes": 0,
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "async_insert": 0,
    "throw_on_max_partitions_per_insert_block": 0,
    # There is nothing to optimise in reading one file from end to end, and trying took half of a small segment's time.
    "query_plan_enable_optimizations": 0,
    "optimize_and_compare_chain": 0,
    # Beyond its limit of pairs a line would fail the payload that it is in; memory has a limit of its own.
    "extract_key_value_pairs_max_pairs_per_row": 1_000_000_000,
    # Payloads are transformed a few at a time, which takes a fraction of the memory that all of them at once do. What
    # is inserted is one block all the same. Smaller blocks cost more: each function takes some µs for each of them.
    "input_format_max_block_size_bytes": 2 << 20,
}

# Where what is for a server is parsed here, some settings are for the one, some for the other.
_OF_READING_ALONE = ("format_", "max_memory_", "extract_", "input_format_")
_OF_READING = (*_OF_READING_ALONE, "max_threads")


def of_reading(settings: Settings) -> Settings:
    return {name: value for name, value in settings.items() if name.startswith(_OF_READING)}


def of_inserting(settings: Settings) -> dict[str, str | int]:
    return {name: value for name, value in settings.items() if not name.startswith(_OF_READING_ALONE)}
