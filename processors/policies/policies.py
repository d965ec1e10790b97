"""What policies ended, by kind, and whom they hit."""

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd

from processors.errors import InvalidQuestion
from processors.policies.kinds import kind_of
from processors.query.filters import Filter
from processors.query.question import TIME, Order, Question
from processors.query.questions import Questions
from processors.time.window import Window

_ENDED = Filter("fault", values=("policy",))
_DIMENSIONS = ("policy", "outcome", "response_flags", "status")
# What can be hit.
HIT_BY = ("consumer", "client_address", "api", "gateway")

# Far more than there are policies and outcomes, and less than clients can invent.
_MOST_GROUPS = 5_000


def policies(
    questions: Questions, window: Window, filters: Sequence[Filter] = (), step: timedelta | None = None
) -> pd.DataFrame:
    """[`time`,] `kind` (a name in KINDS), `policy` as the gateway calls it, `outcome`, `status`, `requests`.

    The most frequent first, or by time where there is a step. `outcome` is `violation` or `error`; where the gateway
    reports none, a 5xx answer is an error.
    """
    question = Question(("requests",), window, _DIMENSIONS, (*filters, _ENDED), step=step, limit=_MOST_GROUPS)
    found = _with_kinds(questions.ask(question).frame)
    times = [TIME] if step is not None else []
    keys = [*times, "kind", "policy", "outcome", "status"]
    counted = found.groupby(keys, as_index=False, sort=False).agg(requests=("requests", "sum"))
    order = [*times, "requests", "kind", "policy"]
    return counted.sort_values(order, ascending=[True] * len(times) + [False, True, True]).reset_index(drop=True)


def hit(
    questions: Questions,
    window: Window,
    by: str = "consumer",
    filters: Sequence[Filter] = (),
    kind: str = "",
    limit: int = 100,
) -> pd.DataFrame:
    """Who was hit, the most often first: `by`, `kind`, `requests` that were ended, and `share` of all that they sent.

    `by` is one of HIT_BY. With a kind only that. Raises InvalidQuestion.
    """
    if by not in HIT_BY:
        raise InvalidQuestion(f"{by!r} is not hit by policies; use any of {', '.join(HIT_BY)}.")
    ended = Question(("requests",), window, (by, *_DIMENSIONS), (*filters, _ENDED), limit=_MOST_GROUPS)
    found = _with_kinds(questions.ask(ended).frame)
    if kind:
        found = found[found["kind"] == kind]
    counted = found.groupby([by, "kind"], as_index=False).agg(requests=("requests", "sum"))
    counted = counted.sort_values(["requests", by], ascending=[False, True]).head(limit).reset_index(drop=True)
    if counted.empty:
        return counted.assign(share=pd.Series(dtype="float64"))
    values = tuple(dict.fromkeys(counted[by]))
    sent = Question(("requests",), window, (by,), (*filters, Filter(by, values=values)), order=Order(by, False))
    all_sent = questions.ask(sent).frame.set_index(by)["requests"]
    return counted.assign(share=counted["requests"] / counted[by].map(all_sent))


def _with_kinds(found: pd.DataFrame) -> pd.DataFrame:
    kinds = [
        kind_of(policy, flags.split(","), status).name
        for policy, flags, status in zip(found["policy"], found["response_flags"], found["status"], strict=True)
    ]
    outcome = found["outcome"].where(found["outcome"] != "", _OUTCOMES[0])
    is_error = (found["outcome"] == "") & (found["status"] >= 500)
    return found.assign(
        kind=pd.Series(kinds, index=found.index, dtype="object"), outcome=outcome.mask(is_error, "error")
    )


_OUTCOMES = ("violation", "error")
