"""What an app is asked, and what its answers say about it. Each file is one kind of evidence."""
