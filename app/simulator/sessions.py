"""The sessions of a simulated node: a signed cookie and the token that is bound to it."""

import hmac
import secrets
import time
import uuid
from dataclasses import dataclass
from typing import Literal

COOKIE = "SPSE_SESSION"

_LIFETIME_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Session:
    token: str
    cookie: str


class Sessions:
    """Knows its own cookies by their signature and keeps none of them; ending all sessions changes the key."""

    def __init__(self, slug: str) -> None:
        self.slug = slug
        self._key = secrets.token_bytes(32)

    def open(self) -> Session:
        token = secrets.token_hex(20)
        payload = f"___AT={token}&___TS={int(time.time() * 1000) + _LIFETIME_MS}&___ID={uuid.uuid4()}"
        return Session(token, f"{self._sign(payload)}-{payload}")

    def find(self, cookie_header: str) -> Session | None:
        """The session of a request, if one of its cookies is ours and still good."""
        for value in session_cookies(cookie_header):
            signature, _, payload = value.partition("-")
            if hmac.compare_digest(signature.encode(), self._sign(payload).encode()):
                return Session(payload.removeprefix("___AT=").partition("&")[0], value)
        return None

    def judge(self, cookie_header: str, token: str | None) -> Literal["good", "bad", "stale"]:
        """Bad: cookie or token is missing, or they are no pair. Stale: they were one in a session that is over."""
        cookies = session_cookies(cookie_header)
        if not cookies or not token:
            return "bad"
        session = self.find(cookie_header)
        if session is not None:
            return "good" if hmac.compare_digest(session.token.encode(), token.encode()) else "bad"
        return "stale" if any(f"___AT={token}&" in cookie for cookie in cookies) else "bad"

    def end_all(self) -> None:
        self._key = secrets.token_bytes(32)

    def set_cookie(self, session: Session) -> str:
        """The Set-Cookie header. The path keeps the sessions of nodes that share the host apart."""
        return f"{COOKIE}={session.cookie}; Path=/{self.slug}; HttpOnly"

    def _sign(self, payload: str) -> str:
        return hmac.digest(self._key, payload.encode(), "sha1").hex()


def session_cookies(cookie_header: str) -> list[str]:
    """All values of the session cookie; a careless client may carry those of several nodes."""
    pairs = (part.strip().partition("=") for part in cookie_header.split(";"))
    return [value for name, _, value in pairs if name == COOKIE]
