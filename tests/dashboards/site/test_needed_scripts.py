"""What the document of the pages leaves out of Dash's scripts, and nothing else."""

import asyncio
import re
from typing import Any, cast

import httpx
from dash import Dash, html
from fastapi import FastAPI

from dashboards.site.needed_scripts import DashWithNeededScripts

_SCRIPT = re.compile(r'<script src="[^"]*/_dash-component-suites/([^"]+)"')


def _scripts(make: type[Dash]) -> list[str]:
    server = FastAPI()
    app = make("gatelens", server=cast(Any, server), backend="fastapi")
    app.layout = html.Div()

    async def document() -> str:
        transport = httpx.ASGITransport(app=server)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return (await client.get("/")).raise_for_status().text

    return _SCRIPT.findall(asyncio.run(document()))


def test_no_page_loads_what_none_draws_with() -> None:
    every, needed = _scripts(Dash), _scripts(DashWithNeededScripts)
    left_out = [name for name in every if name not in needed]
    assert [name for name in every if name in needed] == needed
    assert {re.split(r"[.@]", name)[0] for name in left_out} == {
        "dash/dcc/dash_core_components",
        "dash/dcc/dash_core_components-shared",
        "dash/dash_table/bundle",
        "dash/deps/polyfill",
    }
