"""CPU time is told by what threads do."""

from tests.bench.thread_roles import spent_by_role


def test_time_is_divided_by_what_threads_do() -> None:
    before = {"python": 2.0, "intake": 1.0, "ThreadPool": 9.0}
    after = {
        "python": 2.5,
        "intake": 2.0,
        "intake-blocking": 0.25,
        "Thread-1 (_poll": 0.5,
        "event_engine": 0.25,
        "MergeMutate": 2.0,
        "web": 0.25,
        "web-blocking_0": 0.5,
        "ThreadPool": 12.0,
    }
    figures = spent_by_role(before, after, 10.0)
    told = figures["cpu_seconds_by_thread"]
    assert {role: seconds for role, seconds in told.items() if seconds} == {
        "python": 0.5,
        "intake": 1.0,
        "intake-blocking": 0.25,
        "grpc": 0.75,
        "merges": 2.0,
        "web": 0.75,
        # The rest of all, and not what the threads that are still there have spent.
        "engine": 4.75,
    }
    assert figures["python_share"] == 0.175
