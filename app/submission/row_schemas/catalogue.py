"""The one table of row schemas, by the names that `?schema=` takes."""

from app.submission.row_schemas.inaproc import INAPROC_SCHEMAS
from app.submission.row_schemas.ocds import OcdsSchema
from app.submission.row_schemas.package import PackageSchema
from app.submission.row_schemas.protocol import RowSchema

__all__ = ["DEFAULT_SCHEMA", "ROW_SCHEMAS", "RowSchema"]

DEFAULT_SCHEMA = PackageSchema.name

_SCHEMAS: tuple[RowSchema, ...] = (PackageSchema(), *INAPROC_SCHEMAS, OcdsSchema())

ROW_SCHEMAS: dict[str, RowSchema] = {schema.name: schema for schema in _SCHEMAS}
