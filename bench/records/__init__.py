"""Records: their types, files, store, collection and export."""
