"""How rankings say no."""

from collections.abc import Iterable

from app.kit.errors import HubError, Kind


class RankingNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "ranking-not-found"
    title = "Ranking not found"

    def __init__(self, ranking: str, known: Iterable[str]) -> None:
        names = ", ".join(known)
        super().__init__(
            f"There is no ranking “{ranking}”; there are: {names}.",
            f"Tidak ada peringkat “{ranking}”; yang ada: {names}.",
        )
