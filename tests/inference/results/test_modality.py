"""Images of another modality than that of the training are warned of."""

import pytest

from srs_monai.inference.results.modality import modality_warnings


@pytest.mark.parametrize(
    ("recipe", "modality", "said"),
    [
        ("busi", "CT", ["trained on ultrasound (recipe busi), but this is CT"]),
        ("synapse", "MR", ["trained on CT (recipe synapse), but this is MR"]),
        ("isic2018", "US", ["trained on dermoscopy (recipe isic2018), but this is ultrasound"]),
        *[("busi", "US", []), ("busi", "IVUS", []), ("synapse", "CT", []), ("acdc", "MR", [])],
        *[("busi", "OT", []), ("busi", "", []), ("busi", "XA", []), (None, "CT", []), ("no such recipe", "CT", [])],
    ],
)
def test_a_known_other_modality_is_warned_of(recipe: str | None, modality: str, said: list[str]) -> None:
    assert modality_warnings(recipe, {"source_kind": "dicom", "modality": modality}) == said
    assert modality_warnings(recipe, {"source_kind": "nifti", "modality": modality}) == []
    assert modality_warnings(recipe, {}) == []
