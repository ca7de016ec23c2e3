"""DICOM: which files belong together, where their pixels lie, and what the values mean."""
