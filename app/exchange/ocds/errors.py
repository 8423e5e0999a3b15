"""How the OCDS publication says no."""

from app.kit.errors import HubError, Kind


class ProcessNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "ocid-not-found"
    title = "Contracting process not found"

    def __init__(self, ocid: str) -> None:
        super().__init__(
            f"No contracting process is published as “{ocid}”.", f"Tidak ada proses pengadaan dengan ocid “{ocid}”."
        )


class ReleaseNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "release-not-found"
    title = "Release not found"

    def __init__(self, identifier: str) -> None:
        super().__init__(
            f"No release is published as “{identifier}”.", f"Tidak ada rilis yang diterbitkan sebagai “{identifier}”."
        )


class NothingToExport(HubError):
    kind = Kind.NOT_FOUND
    code = "lpse-not-found"
    title = "LPSE not found"

    def __init__(self, lpse: str) -> None:
        super().__init__(
            f"No LPSE is known by the code “{lpse}”; /api/master/lpse lists those that are.",
            f"Tidak ada LPSE dengan kode “{lpse}”; daftarnya ada di /api/master/lpse.",
        )


class ExtensionNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "extension-not-found"
    title = "Extension file not found"

    def __init__(self, name: str, file: str) -> None:
        super().__init__(
            f"The extension “{name}” has no file “{file}”.", f"Ekstensi “{name}” tidak memiliki berkas “{file}”."
        )
