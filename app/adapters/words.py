"""The words of Indonesian procurement that every source uses, whichever interface brings them. Keys are in `name_key` form."""

from app.core.vocabulary import Category, Method

CATEGORIES: dict[str, Category] = {
    "pengadaan barang": Category.GOODS,
    "pekerjaan konstruksi": Category.WORKS,
    "pekerjaan konstruksi terintegrasi": Category.INTEGRATED_WORKS,
    "jasa konsultansi badan usaha konstruksi": Category.CONSULTING_FIRM_CONSTRUCTION,
    "jasa konsultansi badan usaha non konstruksi": Category.CONSULTING_FIRM_NON_CONSTRUCTION,
    "jasa konsultansi perorangan konstruksi": Category.CONSULTING_INDIVIDUAL_CONSTRUCTION,
    "jasa konsultansi perorangan non konstruksi": Category.CONSULTING_INDIVIDUAL_NON_CONSTRUCTION,
    # Older packages leave the second half away; kategoriId 4 is the non-construction one.
    "jasa konsultansi perorangan": Category.CONSULTING_INDIVIDUAL_NON_CONSTRUCTION,
    "jasa lainnya": Category.OTHER_SERVICES,
}

METHODS: dict[str, Method] = {
    "tender": Method.TENDER,
    "tender cepat": Method.FAST_TENDER,
    "seleksi": Method.SELECTION,
    "pengadaan langsung": Method.DIRECT_PROCUREMENT,
    "penunjukan langsung": Method.DIRECT_APPOINTMENT,
    "e purchasing": Method.E_PURCHASING,
    "epurchasing": Method.E_PURCHASING,
    "kontes": Method.CONTEST,
    "sayembara": Method.CONTEST,
    "kontes sayembara": Method.CONTEST,
}
