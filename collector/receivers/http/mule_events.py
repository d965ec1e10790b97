"""Mule's analytics events, in the place of Anypoint: POST {base}/v2/analytics/events, gzip.

https://docs.mulesoft.com/api-manager/2.x/analytics-event-forward
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.formats.mule.descriptor import MULE_ANALYTICS
from collector.intake.intake import Intake
from collector.receivers.http.body import RequestBody
from collector.receivers.http.body_memory import BodyMemory
from collector.receivers.http.config import HttpConfig
from collector.receivers.http.ingest import json_fault
from collector.receivers.http.request import HttpIntake
from collector.records.json_body import unframed

_PATH = "/v2/analytics/events"


def routes(intake: Intake, config: HttpConfig, memory: BodyMemory) -> list[Route]:
    async def events(request: Request) -> Response:
        # The gateway puts its path behind the address that it is given, so that no query can follow.
        environment = request.path_params.get("environment", config.environment)
        http = HttpIntake(intake, config.model_copy(update={"environment": environment}), memory)

        async def take(request: Request, body: RequestBody) -> Response:
            lines = await http.converted(await body.unpacked(), unframed)
            await http.accept(request, body, MULE_ANALYTICS.name, lines)
            return Response(status_code=202)

        return await http.answer(request, take, json_fault)

    return [
        Route(_PATH, events, methods=["POST"]),
        Route("/mule/{environment}" + _PATH, events, methods=["POST"]),
    ]
