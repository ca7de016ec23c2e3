"""A transform that says that it works slice by slice gives for slices what it gives for the whole volume."""

from typing import Any

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Identityd, KeepLargestConnectedComponentd

from srs_monai.data.transforms import AsSeend, CTWindowd, MatchChannelsd, ReleaseNormalized, ToUnitRanged
from srs_monai.inference.cases.slabs import works_slice_by_slice

META = {"source_kind": "dicom", "modality": "CT"}
TRANSFORMS = [
    AsSeend("image"),
    CTWindowd("image", 0.5, 2.0),
    Identityd("image"),
    MatchChannelsd("image", 1),
    ReleaseNormalized("image"),
    ToUnitRanged("image"),
]


def volume(**meta: Any) -> MetaTensor:
    values = torch.rand(3, 4, 5, 6, generator=torch.Generator().manual_seed(0))
    return MetaTensor(values, affine=np.diag([2.0, -3.0, 1.0, 1.0]), meta=META | meta)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda transform: type(transform).__name__)
def test_slices_give_what_the_whole_gives(transform: Any) -> None:
    assert works_slice_by_slice(transform, volume())
    whole = transform({"image": volume()})["image"]
    part = MetaTensor(volume().as_tensor()[..., 2:4], affine=volume().affine, meta=dict(META))
    torch.testing.assert_close(transform({"image": part})["image"].as_tensor(), whole.as_tensor()[..., 2:4])


@pytest.mark.parametrize(
    ("intensity", "meta", "said"),
    [
        ("auto", {}, True),
        ("auto", {"modality": "MR"}, False),
        ("auto", {"source_kind": "picture", "stored_max": 255.0}, True),
        ("percentile", {}, False),
        ("window", {"modality": "MR"}, True),
    ],
)
def test_it_may_depend_on_the_image(intensity: Any, meta: dict[str, Any], said: bool) -> None:
    assert works_slice_by_slice(ToUnitRanged("image", intensity), volume(**meta)) == said


def test_what_a_class_inherits_does_not_count() -> None:
    class Other(CTWindowd):
        pass

    class OtherIdentity(Identityd):
        pass

    others = [Other("image"), OtherIdentity("image"), KeepLargestConnectedComponentd("image"), abs]
    assert not any(works_slice_by_slice(other, volume()) for other in others)
