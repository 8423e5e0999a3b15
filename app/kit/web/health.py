"""`/livez` answers while the process lives; `/readyz` asks each dependency that registered a check."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

Check = Callable[[], Awaitable[None]]

CHECK_SECONDS = 3


class Health(BaseModel):
    """Whether the service works, and which dependency does not."""

    status: Literal["ok", "unavailable"]
    checks: Annotated[
        dict[str, str], Field(description="Each dependency: ok or unavailable.", examples=[{"database": "ok"}])
    ]


def health_router() -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get("/livez")
    async def get_liveness() -> Health:
        """Say that the process lives. Asks nothing of anyone."""
        return Health(status="ok", checks={})

    @router.get(
        "/readyz",
        responses={503: {"model": Health, "description": "A dependency does not answer."}},
    )
    async def get_readiness(request: Request, response: Response) -> Health:
        """Say whether the service can answer: every dependency is asked, each for at most three seconds."""
        checks: dict[str, Check] = request.app.state.health_checks
        results: dict[str, str] = {}
        for name, check in checks.items():
            try:
                async with asyncio.timeout(CHECK_SECONDS):
                    await check()
            except Exception:  # noqa: BLE001 (whatever is wrong with a dependency, the answer is the same)
                results[name] = "unavailable"
            else:
                results[name] = "ok"
        healthy = all(result == "ok" for result in results.values())
        response.status_code = 200 if healthy else 503
        return Health(status="ok" if healthy else "unavailable", checks=results)

    return router
