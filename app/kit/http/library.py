"""The one module that names the HTTP library: changing the library begins, and almost ends, with these two lines."""

import httpcore
import httpx

__all__ = ["httpcore", "httpx"]
