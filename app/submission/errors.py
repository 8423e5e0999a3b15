"""How the push door says no."""

from app.kit.errors import HubError, Kind


class SubmissionNotFound(HubError):
    kind = Kind.NOT_FOUND
    code = "submission-not-found"
    title = "Submission not found"

    def __init__(self, submission_id: int) -> None:
        super().__init__(
            f"There is no submission {submission_id} that this key may see.",
            f"Tidak ada kiriman nomor {submission_id} yang boleh dilihat dengan kunci ini.",
        )


class NodeRetired(HubError):
    kind = Kind.CONFLICT
    code = "node-retired"
    title = "Node is retired"

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"The node “{slug}” is retired: it takes nothing in until it is registered again.",
            f"Node “{slug}” sudah dinonaktifkan: kiriman baru diterima setelah node didaftarkan kembali.",
        )


class SchemaUnknown(HubError):
    kind = Kind.INVALID
    code = "schema-unknown"
    title = "Schema not known"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no row schema “{name}”. GET /api/v1/submission-schemas lists them.",
            f"Tidak ada skema baris “{name}”. Daftarnya ada di GET /api/v1/submission-schemas.",
        )


class RowSchemaNotFound(SchemaUnknown):
    kind = Kind.NOT_FOUND
    code = "row-schema-not-found"
    title = "Row schema not found"


class ScopeMissing(HubError):
    kind = Kind.INVALID
    code = "complete-without-scope"
    title = "Complete of what?"

    def __init__(self) -> None:
        super().__init__(
            "complete=true says that nothing is missing of one fiscal year and one kind: give both fiscal_year and kind.",
            "complete=true menyatakan tidak ada yang kurang dari satu tahun anggaran dan satu jenis paket: sebutkan fiscal_year dan kind.",
        )


class ColumnsUnreadable(HubError):
    kind = Kind.INVALID
    code = "columns-unreadable"
    title = "Column mapping not readable"

    def __init__(self, text: str) -> None:
        super().__init__(
            f"“{text}” is no column mapping. Write column=FIELD:HEADING, for example column=code:tender_id, each field once.",
            f"“{text}” bukan pemetaan kolom. Tuliskan column=FIELD:JUDUL, misalnya column=code:tender_id, setiap field satu kali.",
        )


class MediaTypeUnsupported(HubError):
    kind = Kind.MEDIA_UNSUPPORTED
    code = "media-type-unsupported"
    title = "Media type not supported"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}. Send application/json, application/x-ndjson, text/csv or an XLSX workbook "
            "(application/vnd.openxmlformats-officedocument.spreadsheetml.sheet), plain or with Content-Encoding gzip or zstd.",
            f"{what}. Kirim application/json, application/x-ndjson, text/csv, atau buku kerja XLSX "
            "(application/vnd.openxmlformats-officedocument.spreadsheetml.sheet), biasa atau dengan Content-Encoding gzip atau zstd.",
        )


class IdempotencyKeyInvalid(HubError):
    kind = Kind.INVALID
    code = "idempotency-key-invalid"
    title = "Idempotency-Key not valid"

    def __init__(self) -> None:
        super().__init__(
            "An Idempotency-Key is 1 to 255 printable characters, for example a UUID, and is sent once.",
            "Idempotency-Key terdiri atas 1 sampai 255 karakter tercetak, misalnya sebuah UUID, dan dikirim satu kali.",
        )


class IdempotencyKeyReused(HubError):
    kind = Kind.INVALID
    code = "idempotency-key-reused"
    title = "Idempotency-Key belongs to another request"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used for another body or other parameters. Use a new key for a new submission.",
            "Idempotency-Key ini sudah dipakai untuk isi atau parameter lain. Pakai kunci baru untuk kiriman baru.",
        )


class RequestInFlight(HubError):
    kind = Kind.CONFLICT
    code = "request-in-flight"
    title = "The same request is being worked on"
    retry_after = 1

    def __init__(self) -> None:
        super().__init__(
            "A request with this Idempotency-Key is being worked on. Ask again in a moment.",
            "Permintaan dengan Idempotency-Key ini sedang dikerjakan. Ulangi sebentar lagi.",
        )
