"""What suppliers look like over HTTP."""

from typing import Annotated

from pydantic import Field

from app.kit.web.schema import Amount, Schema


class Won(Schema):
    """What was won of completed tenders and non-tenders that have not vanished from their nodes."""

    awards: Annotated[int, Field(description="Won packages; a package with several winners is one of each.")]
    valued: Annotated[int, Field(description="Of these, with a known value.")]
    value: Annotated[Amount, Field(description="The winner's own share, in rupiah, of those whose value is known.")]
    explain: Annotated[
        str,
        Field(
            description="The list of exactly these packages.",
            examples=["/api/v1/packages?supplier=1&kind=tender&kind=non_tender&status=completed&withdrawn=false"],
        ),
    ]


class SupplierRead(Won):
    """A winner: known by the NPWP as shown together with the name."""

    id: Annotated[int, Field(examples=[1])]
    name: Annotated[str, Field(examples=["CV Contoh Makmur"])]
    npwp: Annotated[str | None, Field(description="Masked for the public.", examples=["0*1*2*3*4******"])]
    first_fiscal_year: Annotated[
        int | None, Field(description="Of what was won; null where nothing was.", examples=[2023])
    ]
    last_fiscal_year: Annotated[int | None, Field(description="The same.", examples=[2025])]


class PlaceRead(Won):
    """What a supplier won on one node in one fiscal year."""

    node: Annotated[str, Field(examples=["surabaya"])]
    fiscal_year: Annotated[int, Field(examples=[2025])]


class SupplierDetail(SupplierRead):
    """A supplier with all places and years in which they won."""

    places: Annotated[list[PlaceRead], Field(description="By node, then by year.")]
