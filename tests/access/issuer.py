"""An identity provider on loopback that tests own: its keys, its tokens, its outages."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from app.kit.clock import utc_now

AUDIENCE = "rakor-contoh"


class Issuer:
    """Serves a configuration and a key set; `asked` counts how often the keys were fetched."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/realms/contoh"
        self.rsa = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})
        self.ec = ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig", "alg": "ES256"})
        self.published: list = [self.rsa, self.ec]
        self.extra: list[dict] = []
        self.named = self.url
        self.asked = 0
        self.is_down = False

    def answer(self, path: str) -> dict | None:
        if self.is_down:
            return None
        if path.endswith("/.well-known/openid-configuration"):
            return {"issuer": self.named, "jwks_uri": f"{self.url}/certs"}
        if path.endswith("/certs"):
            self.asked += 1
            return {"keys": [*(key.as_dict(private=False) for key in self.published), *self.extra]}
        return None

    def claims(self, *roles: str, **claims) -> dict:
        now = int(utc_now().timestamp())
        given = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "siti-contoh",
            "iat": now,
            "exp": now + 300,
            "rakor_roles": list(roles),
        }
        return {name: value for name, value in {**given, **claims}.items() if value is not None}

    def token(self, *roles: str, key=None, header: dict | None = None, **claims) -> str:
        key = key or self.rsa
        algorithm = "ES256" if isinstance(key, ECKey) else "RS256"
        head = {"alg": algorithm, "kid": key.kid, **(header or {})}
        head = {name: value for name, value in head.items() if value is not None}
        return jwt.encode(head, self.claims(*roles, **claims), key, algorithms=[head["alg"]])


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = issuer.answer(self.path)
            body = json.dumps(found or {}).encode()
            self.send_response(200 if found else 500)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = Issuer(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
