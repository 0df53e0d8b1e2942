"""Readers, the catalogue of data sets, vocabularies and batching: no layer, no model."""
