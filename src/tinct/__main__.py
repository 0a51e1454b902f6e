"""``python -m tinct`` is the command ``tinct``."""

from tinct.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
