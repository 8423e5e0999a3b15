"""How deciding on proposals says no."""

from app.kit.errors import HubError, Kind

_STATES = {"accepted": "diterima", "dismissed": "ditolak", "obsolete": "tidak berlaku lagi"}


class ProposalNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "register-proposal-not-found"
    title = "Register proposal not found"

    def __init__(self, proposal_id: int) -> None:
        super().__init__(
            f"There is no register proposal {proposal_id}.", f"Tidak ada usulan perubahan daftar nomor {proposal_id}."
        )


class ProposalClosed(HubError):
    kind = Kind.CONFLICT
    code = "register-proposal-closed"
    title = "Register proposal is closed"

    def __init__(self, proposal_id: int, state: str) -> None:
        super().__init__(
            f"Register proposal {proposal_id} is {state}; only an open one can be decided.",
            f"Usulan perubahan daftar nomor {proposal_id} sudah {_STATES.get(state, state)}; "
            "hanya usulan yang masih terbuka yang dapat diputuskan.",
        )


class ProposalOutdated(HubError):
    kind = Kind.CONFLICT
    code = "register-proposal-outdated"
    title = "Register proposal is outdated"

    def __init__(self, proposal_id: int) -> None:
        super().__init__(
            f"The register has changed since proposal {proposal_id} was made, so it was not applied. "
            "Compare with the master lists again, or dismiss it.",
            f"Daftar sudah berubah sejak usulan nomor {proposal_id} dibuat, sehingga usulan tidak diterapkan. "
            "Bandingkan lagi dengan daftar induk, atau tolak usulan ini.",
        )


class DismissalUnexplained(HubError):
    kind = Kind.INVALID
    code = "dismissal-unexplained"
    title = "Dismissal without a reason"

    def __init__(self) -> None:
        super().__init__(
            "Dismissing a proposal needs a reason, so that whoever meets it later understands.",
            "Menolak usulan memerlukan alasan agar dapat dipahami di kemudian hari.",
        )
