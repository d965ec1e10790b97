"""What people say of their APIs and consumers."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator


class CataloguedApi(BaseModel):
    """What is known of an API besides its traffic."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="The API, as requests name it.", min_length=1)
    owner: str = Field(default="", description="The team or person to ask.")
    tags: tuple[str, ...] = Field(default=(), description="Words to find it by.")
    document: Path | None = Field(default=None, description="An OpenAPI 3.x or Swagger 2 document, YAML or JSON.")
    base_path: str | None = Field(
        default=None, description="What precedes the document's paths at the gateway; none: what the document says."
    )


class CatalogueConfig(BaseModel):
    """APIs and consumers that people name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    apis: tuple[CataloguedApi, ...] = ()
    most_routes: int = Field(
        default=300, ge=1, le=10_000, description="Routes of an API; the rest is one, `(other routes)`."
    )
    consumers: Path | None = Field(
        default=None, description="A YAML file of consumers: names, teams, quotas; docs/analysis.md."
    )

    @field_validator("apis")
    @classmethod
    def _are_named_once(cls, apis: tuple[CataloguedApi, ...]) -> tuple[CataloguedApi, ...]:
        names = [api.name for api in apis]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the API {twice[0]!r} is there twice; join its settings")
        return apis
