"""`python -m motet_inference`: one worker, by the settings in the environment."""

import sys

from motet_inference.server.serve import main

if __name__ == "__main__":
    sys.exit(main())
