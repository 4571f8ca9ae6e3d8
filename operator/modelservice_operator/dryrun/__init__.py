"""What a cluster says of a change that is not made: the API server is read, and asked by dry runs."""
