"""How exports say no."""

from app.kit.errors import HubError, Kind


class ExportNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "export-not-found"
    title = "Export not found"

    def __init__(self) -> None:
        super().__init__(
            "There is no such export, or it is no longer kept. Ask for it again at its own address.",
            "Ekspor ini tidak ada atau sudah tidak disimpan. Mintalah lagi di alamatnya.",
        )


class ExportNotReady(HubError):
    kind = Kind.CONFLICT
    code = "export-not-ready"
    title = "Export not ready"
    retry_after = 5

    def __init__(self) -> None:
        super().__init__(
            "The file is still being prepared, or could not be; the export's own page says which.",
            "Berkas masih disiapkan, atau gagal disiapkan; halaman ekspornya menyebutkan yang mana.",
        )


class ExportsBusy(HubError):
    kind = Kind.TOO_MANY
    code = "exports-busy"
    title = "Too many exports at once"
    retry_after = 20

    def __init__(self) -> None:
        super().__init__(
            "As many exports as the hub can bear are under way already. Try again shortly.",
            "Ekspor yang sedang berjalan sudah sebanyak kemampuan hub. Cobalah beberapa saat lagi.",
        )
