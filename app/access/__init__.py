"""Who is asking: keys and the roles they carry."""
