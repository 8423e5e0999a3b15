"""Logs as events with names and ids: readable on a terminal, JSON for machines, always on standard error."""

import contextlib
import io
import logging
import sys
from typing import TextIO, cast

import structlog

from app.core.text import mask_personal


class CurrentStandardError(io.TextIOBase):
    """Standard error as it is at the moment of writing; a closed or broken one loses the line, never the work."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()


class _Masked(logging.Formatter):
    """What libraries say, without what identifies a person."""

    def format(self, record: logging.LogRecord) -> str:
        return mask_personal(super().format(record))


def _masked(value: object) -> object:
    """Text within a value, masked. Numbers stay: a line of JSON must remain one."""
    match value:
        case str():
            return mask_personal(value)
        case None | bool() | int() | float():
            return value
        case dict():
            return {name: _masked(part) for name, part in value.items()}
        case list() | tuple():
            return [_masked(part) for part in value]
        case _:
            return mask_personal(repr(value))


def _mask_fields(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {name: _masked(value) for name, value in event.items()}


def _mask_line(render: structlog.typing.Processor) -> structlog.typing.Processor:
    """Mask a finished line for people, its traceback too."""

    def rendered(logger: object, name: str, event: structlog.typing.EventDict) -> str:
        return mask_personal(str(render(logger, name, event)))

    return rendered


def configure_logging(level: str, style: str) -> None:
    """Set up logging once per process. `style` is console or json."""
    number = logging.getLevelNamesMapping()[level.upper()]
    rendering: list[structlog.typing.Processor]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if style == "json":
        rendering = [structlog.processors.format_exc_info, _mask_fields, structlog.processors.JSONRenderer()]
    else:
        console = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        rendering = [_mask_line(console)]
    structlog.configure(
        processors=[*shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", CurrentStandardError())),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(cast("TextIO", CurrentStandardError()))
    handler.setFormatter(_Masked("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)
