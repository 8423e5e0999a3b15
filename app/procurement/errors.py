"""How procurement says no."""

from app.kit.errors import HubError, Kind


class PackageNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "package-not-found"
    title = "Package not found"

    def __init__(self, node: str, kind: str, code: str) -> None:
        super().__init__(
            f"The node “{node}” has no {kind} package with the code “{code}”.",
            f"Node “{node}” tidak memiliki paket {kind} dengan kode “{code}”.",
        )


class AnswerNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "answer-not-found"
    title = "Raw answer not found"

    def __init__(self) -> None:
        super().__init__(
            "No raw answer is kept under this observation and page; it may be older than the retention.",
            "Tidak ada jawaban mentah untuk pengamatan dan halaman ini; mungkin sudah melewati masa simpan.",
        )


class NothingToWithdraw(HubError):
    kind = Kind.CONFLICT
    code = "nothing-to-withdraw"
    title = "Nothing to withdraw"

    def __init__(self, list_id: int) -> None:
        super().__init__(
            f"List {list_id} leaves no package to decide on: it did not shrink, or later ones show them again.",
            f"Daftar nomor {list_id} tidak menyisakan paket untuk diputuskan: daftarnya tidak menyusut, "
            "atau paketnya sudah tampil lagi.",
        )


class WithdrawalNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "withdrawal-not-found"
    title = "Withdrawal not found"

    def __init__(self, list_id: int) -> None:
        super().__init__(
            f"List {list_id} has no confirmed withdrawal that could be undone.",
            f"Daftar nomor {list_id} tidak memiliki penarikan yang dapat dibatalkan.",
        )
