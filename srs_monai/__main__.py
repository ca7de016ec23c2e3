"""`python -m srs_monai`: the command line, if its script is not on the path."""

import sys

from srs_monai.cli.parser import main

if __name__ == "__main__":
    sys.exit(main())
