"""`python -m curate`, and where the command `curate` begins."""

from curate.own_packages import load_own


def main() -> None:
    """Run the command line of curate, also where the working directory has a cli.py."""
    load_own("cli").main()


if __name__ == "__main__":
    main()
