"""How access says no."""

from app.kit.errors import HubError, Kind


class KeyMissing(HubError):
    kind = Kind.UNAUTHENTICATED
    code = "key-required"
    title = "Key required"

    def __init__(self) -> None:
        super().__init__(
            "This needs a key: send it as “Authorization: Bearer …”.",
            "Permintaan ini memerlukan kunci: kirimkan sebagai “Authorization: Bearer …”.",
        )


class KeyInvalid(HubError):
    kind = Kind.UNAUTHENTICATED
    code = "key-invalid"
    title = "Key not valid"

    def __init__(self) -> None:
        super().__init__(
            "The key is unknown, expired or revoked.",
            "Kunci tidak dikenal, kedaluwarsa, atau sudah dicabut.",
        )


class NotAllowed(HubError):
    kind = Kind.FORBIDDEN
    code = "not-allowed"
    title = "Not allowed"

    def __init__(self) -> None:
        # Neither the role nor the node is named: what exists and what does not get the same words.
        super().__init__(
            "Your key is valid, but it does not reach this. A node's key opens that node only.",
            "Kunci Anda berlaku, tetapi tidak untuk hal ini. Kunci milik node hanya membuka node tersebut.",
        )


class ProviderUnavailable(HubError):
    kind = Kind.UNAVAILABLE
    code = "identity-provider-unavailable"
    title = "Identity provider not available"
    retry_after = 30

    def __init__(self) -> None:
        super().__init__(
            "The identity provider that issued this token does not answer at the moment. Keys of the hub still work.",
            "Penyedia identitas yang menerbitkan token ini sedang tidak dapat dihubungi. Kunci hub tetap dapat dipakai.",
        )


class KeyNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "key-not-found"
    title = "Key not found"

    def __init__(self, key_id: int) -> None:
        super().__init__(f"There is no key {key_id}.", f"Tidak ada kunci {key_id}.")


class KeyEnded(HubError):
    kind = Kind.CONFLICT
    code = "key-ended"
    title = "Key has ended"

    def __init__(self, key_id: int) -> None:
        super().__init__(
            f"Key {key_id} is revoked or expired and opens nothing again. Make a new one.",
            f"Kunci {key_id} sudah dicabut atau kedaluwarsa dan tidak dapat dipakai lagi. Buatlah kunci baru.",
        )


class KeyScopeInvalid(HubError):
    kind = Kind.INVALID
    code = "key-scope-invalid"
    title = "Key's scope not valid"

    def __init__(self) -> None:
        super().__init__(
            "A key of the role “node” names at least one node, one of any other role names none.",
            "Kunci dengan peran “node” menyebut sedikitnya satu node, kunci dengan peran lain tidak menyebut node.",
        )


class KeyNodeUnknown(HubError):
    kind = Kind.INVALID
    code = "key-node-unknown"
    title = "Key's node unknown"

    def __init__(self, slug: str) -> None:
        super().__init__(f"No node is registered as “{slug}”.", f"Tidak ada node yang terdaftar sebagai “{slug}”.")


class KeyExpiryInvalid(HubError):
    kind = Kind.INVALID
    code = "key-expiry-invalid"
    title = "Key's expiry not valid"

    def __init__(self, years: int) -> None:
        super().__init__(
            f"A key ends at a moment to come, within {years} years.",
            f"Kunci berakhir pada waktu yang akan datang, paling lama {years} tahun lagi.",
        )
