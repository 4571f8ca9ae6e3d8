"""What the operator remembers of each object that it watches: only the fields that decisions need."""
