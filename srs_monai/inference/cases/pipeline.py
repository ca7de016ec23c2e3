"""A case from its file to its results, in steps that run at the same time for different cases."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

from monai.data import MetaTensor
from monai.engines import Evaluator
from monai.transforms import Compose
from tqdm import tqdm

from srs_monai.data.readers.open_volume import OpenVolume
from srs_monai.inference.cases.conveyor import LoadPlan, Steps
from srs_monai.inference.cases.load_image_slices import LoadImageSlicesd
from srs_monai.inference.cases.slabs import SLICES, SlabSteps, in_slabs, loader_of, slab_steps
from srs_monai.inference.inferers.slice_batch_inferer import Known, SliceBatchInferer
from srs_monai.inference.results.mask import Mask, plain_array
from srs_monai.inference.results.packed_labels import PackedLabels
from srs_monai.inference.results.result_names import result_name
from srs_monai.inference.writers.mask_formats import check_source
from srs_monai.tensors import plain, with_meta_of

_IMAGE, _PRED = "image", "pred"
# voxels: up to this size a volume goes through whole, so that no slice is read again for its overlay, and the next one
# is loaded meanwhile; two larger ones are never held at the same time
_SMALL = 32 * 512 * 512
_LARGE_FILE = 2**24  # bytes: the same for images that are not volumes

Item = dict[Any, Any]


@dataclass
class SlabbedVolume:
    """A volume that is segmented slab by slab.

    Args:
        volume: gives the slices.
        labels: labels of the slabs that are finished.
        known: the network's results for slices of one value.
    """

    volume: OpenVolume
    labels: PackedLabels
    known: Known = field(default_factory=dict)


@dataclass
class Part:
    """An image, or a slab of a volume.

    Args:
        item: result of the preprocessing; the network's result is added.
        slab_of: volume that the slab belongs to; None: the item is a whole image.
    """

    item: Item
    slab_of: SlabbedVolume | None = None


class CaseSteps(Steps[Item, Part]):
    """Loads cases, segments them and writes their results.

    A large volume goes through in slabs of slices if all transforms work slice by slice. Memory then does not grow with
    the volume, and each voxel of the mask is the same as for the whole volume. Other images go through whole, as in
    the run of an evaluator.

    Args:
        evaluator: has the network, the inferer and the device; it is not run itself.
        preprocessing: prepares an item whose "image" is a file name.
        postprocessing: takes the item with the network's result at "pred", and writes the results.
        format: requested format of the mask; a source that has no mask in this format is rejected.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        preprocessing: Callable[[Item], Item],
        postprocessing: Callable[[Item], Item],
        format: str = "auto",
    ) -> None:
        self.evaluator, self.format = evaluator, format
        # one thread may invert a transform while another applies it: MONAI keeps the trace of each thread apart
        self.preprocessing, self.postprocessing = preprocessing, postprocessing
        self.loader = loader_of(preprocessing)
        self.slab_steps = slab_steps(postprocessing) if type(evaluator.inferer) is SliceBatchInferer else None
        self._bar: tqdm | None = None
        self._shown: OpenVolume | None = None

    def plan(self, case: Item) -> LoadPlan[Part]:
        """How to load the item of an image, or the items of a volume's slabs."""
        # an item may also hold the image itself
        source = Path(case[_IMAGE]) if isinstance(case.get(_IMAGE), str | Path) else None
        if source is not None:
            check_source(source, self.format)
        volume = None if source is None or self.loader is None else self.loader.open(source)
        if volume is None:
            large = source is not None and _bytes(source) > _LARGE_FILE
            return LoadPlan([lambda: Part(self.preprocessing(dict(case)))], alone=large)
        small = math.prod(volume.shape) <= _SMALL
        if small or self.slab_steps is None or not in_slabs(volume, cast(Compose, self.preprocessing), self.slab_steps):
            large = not small
            return LoadPlan([lambda: Part(self._prepared(case, volume))], alone=large)
        slab_of, count = SlabbedVolume(volume, PackedLabels(volume.shape)), volume.shape[2]
        starts = range(0, count, SLICES)
        return LoadPlan([partial(self._slab, case, slab_of, range(n, min(n + SLICES, count))) for n in starts])

    def compute(self, case: Item, part: Part) -> Part:
        """The part with the network's result."""
        image, evaluator = part.item[_IMAGE], self.evaluator
        batch = plain(image)[None].to(evaluator.state.device)
        with evaluator.mode(evaluator.network):
            if part.slab_of is None:
                found = evaluator.inferer(batch, evaluator.network)
            else:
                volume = part.slab_of.volume
                if self._shown is not volume:
                    evaluator.inferer.expect(volume.shape[2])
                done = self._bar_of(volume).update
                found = evaluator.inferer.segment(batch, evaluator.network, part.slab_of.known, done)
        if isinstance(evaluator.inferer, SliceBatchInferer):
            evaluator.inferer.note(image)
        part.item[_PRED] = with_meta_of(image, found[0])
        return part

    def finish(self, case: Item, part: Part, last: bool) -> None:
        """Write the results; for a volume in slabs after its last slab."""
        if part.slab_of is None:
            self.postprocessing(part.item)
            return
        steps, item = cast(SlabSteps, self.slab_steps), part.item
        for transform in steps.transforms:
            item = transform(item)
        labels_of_slab = item[steps.mask.keys[0]]
        part.slab_of.labels.append(plain_array(labels_of_slab)[0])
        if last:
            self._write(case, part.slab_of, labels_of_slab)

    def _slab(self, case: Item, slab_of: SlabbedVolume, numbers: Sequence[int]) -> Part:
        return Part(self._prepared(case, slab_of.volume, numbers), slab_of)

    def _write(self, case: Item, slab_of: SlabbedVolume, last: MetaTensor) -> None:
        """Write the results of a volume; `last` has the labels of its last slab."""
        steps, volume, labels = cast(SlabSteps, self.slab_steps), slab_of.volume, slab_of.labels
        name = result_name(case, last)
        written = []
        if steps.overlay is not None:
            written = [steps.overlay.write_slices(name, labels, volume.affine, self._image_of(case, volume))]
        steps.mask.write(name, Mask(labels, volume.affine, dict(last.meta), steps.mask.labels), written)

    def _prepared(self, case: Item, volume: OpenVolume, numbers: Sequence[int] | None = None) -> Item:
        """The item that the preprocessing gives for an open volume, or for some of its slices."""
        loaded = cast(LoadImageSlicesd, self.loader).load(case, volume, numbers)
        prepared: Item = cast(Compose, self.preprocessing)(loaded, start=1)
        return prepared

    def _image_of(self, case: Item, volume: OpenVolume) -> Callable[[Sequence[int]], MetaTensor]:
        """Reads slices of a volume again, as the overlay shows them."""
        key = cast(SlabSteps, self.slab_steps).overlay.image_key  # type: ignore[union-attr]
        return lambda numbers: self._prepared(case, volume, numbers)[key]

    def _bar_of(self, volume: OpenVolume) -> tqdm:
        """The progress bar of a volume's slices."""
        if self._bar is None or self._shown is not volume:
            self.close()
            total = volume.shape[2]
            self._bar = tqdm(total=total, desc="slices", unit="slice", leave=False, disable=None, dynamic_ncols=True)
            self._shown = volume
        return self._bar

    def close(self) -> None:
        """Remove the progress bar from the terminal."""
        if self._bar is not None:
            self._bar.close()


def _bytes(source: Path) -> int:
    """The size of a file, also when the source is an array or a frame inside it; 0 for a folder."""
    return next((path.stat().st_size for path in (source, source.parent) if path.is_file()), 0)
