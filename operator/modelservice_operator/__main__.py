"""`python -m modelservice_operator` is the command `modelservice`."""

from modelservice_operator.cli import main

if __name__ == "__main__":
    main(prog_name="modelservice")
