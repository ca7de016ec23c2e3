"""Cases from file to result, one part while the next is read."""
