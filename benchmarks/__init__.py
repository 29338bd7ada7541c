"""Figures against the vendor's SDK and the bare libraries; run by ``make bench``, never by the tests."""
