"""What is written down: typed records, files, the store, the collection, the table of everything."""
