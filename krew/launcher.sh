#!/bin/sh
# Runs a function of the command with the libraries beside this file, which are built for one version of Python.
here=$(dirname "$(readlink -f "$0")")
program='import sys; sys.path.insert(0, sys.argv.pop(1)); sys.argv[0] = "kubectl-modelservice"
from modelservice_operator import cli; cli.@FUNCTION@()'
right='import sys; sys.exit("%d.%d" % sys.version_info[:2] != "@PYTHON@")'
for python in python@PYTHON@ python3 python; do
    if command -v "$python" >/dev/null && "$python" -c "$right" 2>/dev/null; then
        exec "$python" -I -c "$program" "$here/lib" "$@"
    fi
done
echo "Error: kubectl modelservice needs Python @PYTHON@, and finds none in the PATH: install it." >&2
exit 2
