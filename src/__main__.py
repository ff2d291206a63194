"""`python -m src …` is the command line."""

from src.cli import main

if __name__ == "__main__":
    main()
