"""The HTTP API of what is worked out, as a running Gatelens serves it, announced in a data directory."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import APIRouter, FastAPI

from dashboards.api.invalid_requests import answer_invalid_requests
from gatelens.data_directory.directory import Addresses, DataDirectory


@contextmanager
def served(data: Path, *routers: APIRouter) -> Iterator[str]:
    """The address."""
    app = FastAPI()
    answer_invalid_requests(app)
    for router in routers:
        app.include_router(router)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    directory = DataDirectory(data)
    directory.acquire()
    try:
        while not server.started:
            thread.join(0.01)
        host, port = server.servers[0].sockets[0].getsockname()
        address = f"http://{host}:{port}"
        directory.publish(Addresses(os.getpid(), address, "", ""))
        yield address
    finally:
        directory.release()
        server.should_exit = True
        thread.join()
