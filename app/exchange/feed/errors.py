"""How the feed says no."""

from app.kit.errors import HubError, Kind


class FeedRestarted(HubError):
    kind = Kind.CONFLICT
    code = "feed-restarted"
    title = "The feed begins anew"

    def __init__(self) -> None:
        super().__init__(
            "The change that this cursor names is not in the feed: the hub was restored from a backup made before it. "
            "Read the feed from its beginning (without “after”) and drop what no longer comes.",
            "Perubahan yang ditunjuk penanda ini tidak ada lagi: hub dipulihkan dari cadangan sebelumnya. Baca umpan dari "
            "awal (tanpa “after”) dan hapus yang tidak muncul lagi.",
        )


class FollowersTooMany(HubError):
    kind = Kind.UNAVAILABLE
    code = "followers-too-many"
    title = "Too many followers are waiting"
    retry_after = 5

    def __init__(self) -> None:
        super().__init__(
            "Too many followers wait for changes at once. Ask without “wait”, or try again shortly.",
            "Terlalu banyak pengikut yang menunggu perubahan. Minta tanpa “wait”, atau coba lagi sebentar lagi.",
        )
