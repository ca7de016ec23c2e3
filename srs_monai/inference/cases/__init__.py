"""Cases from file to result: one part is computed while the next one is read."""
