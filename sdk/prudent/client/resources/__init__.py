"""What a client can be asked for, one file per capability. Knows no transport."""
