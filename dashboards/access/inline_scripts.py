"""The scripts that stand in the pages' document itself, named by their hashes as a Content-Security-Policy wants it."""

import base64
import hashlib
import re

import httpx
from fastapi import FastAPI

_SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<text>.*?)</script>", re.DOTALL)
_NOT_RUN = "application/json"


async def script_hashes(server: FastAPI) -> list[str]:
    """'sha256-…' of each; they are the same for everybody, since the document holds no data."""
    transport = httpx.ASGITransport(app=server)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        document = (await client.get("/")).raise_for_status().text
    texts = [found["text"] for found in _SCRIPT.finditer(document) if _NOT_RUN not in found["attributes"]]
    return [f"'sha256-{_digest(text)}'" for text in texts if text]


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
