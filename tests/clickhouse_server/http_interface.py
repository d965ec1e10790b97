"""A ClickHouse to test against over HTTP: chDB, which is the same engine, behind a small part of the HTTP interface.

It is not the server's binary. Statements, tables, views, deduplication, limits, errors and what is on the disk after a
kill are ClickHouse's own. Its HTTP is ours, and knows as much as clickhouse-connect and Gatelens ask for: statements in
the URL or the body, parameters, settings for each request, compressed bodies both ways, exception codes. There are two
users, one of whom may only read, told by the first word of a statement, and no other access control: no GRANT is
tested.
There are neither sessions, nor a `query_id` that the engine knows, nor progress, nor answers in pieces; each answer is
whole, as it is with `wait_end_of_query`.
"""

import argparse
import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from email import message_from_bytes
from email.policy import HTTP
from pathlib import Path

import cramjam
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.clickhouse_server.chdb_engine import ChdbEngine, EngineError
from tests.clickhouse_server.users import OWNER, READER

# What the interface itself takes from a URL; the rest are settings.
_OF_HTTP = frozenset(
    [
        "query",
        "database",
        "default_format",
        "user",
        "password",
        "query_id",
        "session_id",
        "session_timeout",
        "session_check",
        "quota_key",
        "role",
        "client_protocol_version",
        "wait_end_of_query",
        "buffer_size",
        "compress",
        "decompress",
        "stacktrace",
        "close_session",
    ]
)
_PARAMETER = "param_"
_UNPACK: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": lambda packed: bytes(cramjam.gzip.decompress(packed)),
    "zstd": lambda packed: bytes(cramjam.zstd.decompress(packed)),
    "lz4": lambda packed: bytes(cramjam.lz4.decompress(packed)),
}
# Behind a comment; of those that run, a user may end its own.
_READS = re.compile(
    rb"\s*(?:/\*.*?\*/\s*)*(?:SELECT|WITH|SHOW|DESCRIBE|EXPLAIN|EXISTS|KILL)\b", re.DOTALL | re.IGNORECASE
)
_NOT_IMPLEMENTED = 48
_DENIED = 497
_WRONG_PASSWORD = 516


def application(engine: ChdbEngine) -> Starlette:
    """The interface to an engine."""

    async def ping(request: Request) -> Response:
        return PlainTextResponse("Ok.\n")

    async def query(request: Request) -> Response:
        body = await request.body()
        try:
            return await run_in_threadpool(_answer, engine, request, body)
        except EngineError as error:
            status = 403 if error.code == _WRONG_PASSWORD else 500
            return PlainTextResponse(f"{error}\n", status, {"X-ClickHouse-Exception-Code": str(error.code)})

    return Starlette(routes=[Route("/ping", ping), Route("/", query, methods=["GET", "POST"])])


def _answer(engine: ChdbEngine, request: Request, body: bytes) -> Response:
    given, sql = _fields(request, body)
    if "session_id" in given:
        raise EngineError("Sessions are not known here.", _NOT_IMPLEMENTED)
    settings = {
        name: value for name, value in given.items() if name not in _OF_HTTP and not name.startswith(_PARAMETER)
    }
    if _user(request, given) == READER[0] and not _READS.match(sql):
        raise EngineError(f"Code: {_DENIED}. DB::Exception: {READER[0]}: Not enough privileges. (ACCESS_DENIED)")
    if request.method == "GET":
        settings.setdefault("readonly", "1")
    parameters = {name.removeprefix(_PARAMETER): value for name, value in given.items() if name.startswith(_PARAMETER)}
    output_format = given.get("default_format") or request.headers.get("X-ClickHouse-Format") or "TabSeparated"
    answer = engine.run(sql, output_format, given.get("database", ""), settings, parameters)
    headers = {
        "X-ClickHouse-Timezone": engine.timezone,
        "X-ClickHouse-Query-Id": given.get("query_id", ""),
        "X-ClickHouse-Summary": json.dumps({"result_bytes": str(len(answer))}),
    }
    if answer:
        headers["X-ClickHouse-Format"] = output_format
    if settings.get("enable_http_compression") == "1" and "zstd" in request.headers.get("Accept-Encoding", ""):
        answer = bytes(cramjam.zstd.compress(answer))
        headers["Content-Encoding"] = "zstd"
    return Response(answer, 200, headers, "application/octet-stream")


def _fields(request: Request, body: bytes) -> tuple[dict[str, str], bytes]:
    """What the URL and a form say, and the statement with its data."""
    given = dict(request.query_params)
    kind = request.headers.get("Content-Type", "")
    if kind.startswith("multipart/form-data"):
        form = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body, policy=HTTP)
        for part in form.iter_parts():
            name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
            given[str(name)] = bytes(content).decode()
        body = b""
    encoding = request.headers.get("Content-Encoding", "")
    if encoding:
        if encoding not in _UNPACK:
            raise EngineError(f"Bodies in {encoding!r} are not known here.", _NOT_IMPLEMENTED)
        body = _UNPACK[encoding](body)
    statement = given.get("query", "").encode()
    return given, statement + b"\n" + body if statement and body else statement or body


def _user(request: Request, given: Mapping[str, str]) -> str:
    """Who asks. Raises EngineError where nobody has this name and password."""
    scheme, _, packed = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Basic":
        try:
            name, _, password = base64.b64decode(packed).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            name, password = "", ""
    else:
        name = request.headers.get("X-ClickHouse-User") or given.get("user", "default")
        password = request.headers.get("X-ClickHouse-Key") or given.get("password", "")
    if (name, password) not in (("default", ""), OWNER, READER):
        raise EngineError(
            f"Code: {_WRONG_PASSWORD}. DB::Exception: {name}: Authentication failed: password is incorrect, or there is"
            " no user with such name. (AUTHENTICATION_FAILED)"
        )
    return name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--database", action="append", default=[])
    arguments = parser.parse_args()
    engine = ChdbEngine(arguments.directory)
    for name in arguments.database:
        engine.run(f"CREATE DATABASE IF NOT EXISTS {name}".encode(), "TabSeparated")
    uvicorn.run(application(engine), host="127.0.0.1", port=arguments.port, log_level="warning", lifespan="off")
    engine.close()


if __name__ == "__main__":
    main()
