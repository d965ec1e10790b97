"""The dimensions among whose values a cause is looked for, those that name a place before those that name a symptom."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ExplainedDimension:
    """One of the question layer's dimensions; `noun` is what a sentence calls it."""

    name: str
    noun: str
    # Says how a failure shows, not where it comes from.
    is_symptom: bool = False


# Of values that stand for the same requests, the dimension that comes first here names them. Client addresses are left
# out: they are too many to be counted for each question, and a consumer says more.
DIMENSIONS: tuple[ExplainedDimension, ...] = (
    ExplainedDimension("upstream", "upstream"),
    ExplainedDimension("upstream_address", "upstream address"),
    ExplainedDimension("api", "API"),
    ExplainedDimension("version", "version"),
    ExplainedDimension("route", "route"),
    ExplainedDimension("method", "method"),
    ExplainedDimension("consumer", "consumer"),
    ExplainedDimension("gateway", "gateway"),
    ExplainedDimension("instance", "instance"),
    ExplainedDimension("gateway_kind", "kind of gateway"),
    ExplainedDimension("environment", "environment"),
    ExplainedDimension("protocol", "protocol"),
    ExplainedDimension("policy", "policy", is_symptom=True),
    ExplainedDimension("fault", "cause", is_symptom=True),
    ExplainedDimension("response_flags", "response flags", is_symptom=True),
    ExplainedDimension("status", "status", is_symptom=True),
)
