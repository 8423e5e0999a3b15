"""A bare FastAPI application that gives the same bytes to everybody, served with the flags of the product's own server.

Reads the bytes from the file named first, and listens on the port named second.
"""

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Response

from app.kit.web.connections import bounded_protocol


def create_app(body: bytes) -> FastAPI:
    app = FastAPI()

    @app.get("/ready")
    async def get_ready() -> Response:
        return Response(body, media_type="application/json")

    return app


def main() -> None:
    config = uvicorn.Config(
        create_app(Path(sys.argv[1]).read_bytes()),
        port=int(sys.argv[2]),
        http=bounded_protocol(),
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        timeout_graceful_shutdown=10,
    )
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
