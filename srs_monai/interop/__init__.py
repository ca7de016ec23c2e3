"""Import of original checkpoints."""

from srs_monai.interop.original import ImportReport, load_original_checkpoint

__all__ = ["ImportReport", "load_original_checkpoint"]
