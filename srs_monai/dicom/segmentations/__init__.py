"""DICOM segmentations and RT structure sets as masks."""
