"""What happened and why, read from the journal beside the running centre; changes nothing."""
