"""Why a model does not start or serve: one pure function per cause, and the catalogue of reasons."""
