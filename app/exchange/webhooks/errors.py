"""How webhooks say no."""

from app.kit.errors import HubError, Kind


class WebhookNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "webhook-not-found"
    title = "Webhook not found"

    def __init__(self, webhook_id: int) -> None:
        super().__init__(
            f"You have no webhook {webhook_id}.",
            f"Anda tidak memiliki webhook {webhook_id}.",
        )


class DeliveryNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "delivery-not-found"
    title = "Delivery not found"

    def __init__(self, delivery_id: int) -> None:
        super().__init__(
            f"This webhook has no delivery {delivery_id}; what was delivered is kept for 30 days.",
            f"Webhook ini tidak memiliki pengiriman {delivery_id}; pengiriman disimpan selama 30 hari.",
        )


class WebhookUrlForbidden(HubError):
    kind = Kind.INVALID
    code = "webhook-url-forbidden"
    title = "Webhook's URL not allowed"

    def __init__(self) -> None:
        # Where a name leads is not told: who may not go inside must not learn what is there.
        super().__init__(
            "The URL must begin with https:// and lead to the public internet, on port 443 or 8443, without credentials "
            "in it. Only networks in RAKOR_ALLOWED_NETWORKS may be asked otherwise.",
            "URL harus diawali https:// dan menuju internet publik, pada port 443 atau 8443, tanpa kredensial di "
            "dalamnya. Selain itu hanya jaringan dalam RAKOR_ALLOWED_NETWORKS yang boleh dituju.",
        )


class WebhookNodeUnknown(HubError):
    kind = Kind.INVALID
    code = "webhook-node-unknown"
    title = "Webhook's node unknown"

    def __init__(self, slug: str) -> None:
        super().__init__(f"No node is registered as “{slug}”.", f"Tidak ada node yang terdaftar sebagai “{slug}”.")


class WebhookNodesNeeded(HubError):
    kind = Kind.INVALID
    code = "webhook-nodes-needed"
    title = "Webhook's nodes needed"

    def __init__(self) -> None:
        super().__init__(
            "This webhook belongs to nodes: its filter names one of them at least, and no other.",
            "Webhook ini milik node: saringannya menyebut sedikitnya satu di antaranya, dan bukan node lain.",
        )


class WebhooksTooMany(HubError):
    kind = Kind.CONFLICT
    code = "webhooks-too-many"
    title = "Too many webhooks"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"There are {most} webhooks already, which is as many as there may be. Delete one first.",
            f"Sudah ada {most} webhook, jumlah terbanyak yang diizinkan. Hapus salah satu terlebih dahulu.",
        )


class WebhookFiltersContradict(HubError):
    kind = Kind.CONFLICT
    code = "webhook-filters-contradict"
    title = "Webhook's filters contradict each other"

    def __init__(self) -> None:
        super().__init__(
            "Together these filters let nothing through: kind, fiscal_year and status are asked of packages, and entity, op "
            "and type must have an event in common.",
            "Gabungan saringan ini tidak meloloskan apa pun: kind, fiscal_year, dan status hanya berlaku bagi paket, dan "
            "entity, op, serta type harus memiliki peristiwa yang sama.",
        )


class NothingToReplay(HubError):
    kind = Kind.CONFLICT
    code = "nothing-to-replay"
    title = "Nothing to replay"

    def __init__(self) -> None:
        super().__init__(
            "The change that this names is not in the feed: the hub was restored from a backup made before it.",
            "Perubahan yang ditunjuk tidak ada dalam umpan: hub dipulihkan dari cadangan sebelumnya.",
        )
