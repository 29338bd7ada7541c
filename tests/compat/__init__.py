"""The vendor's package and our face of it, driven by the same programs."""
