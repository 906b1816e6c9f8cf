"""What is kept: the journal (the truth) and the main database (what is read). See ARCHITECTURE.md, decision 2."""
