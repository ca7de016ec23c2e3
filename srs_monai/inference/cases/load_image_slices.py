"""Images loaded whole, or some slices of a volume at a time."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from monai.config import KeysCollection, PathLike
from monai.transforms import LoadImaged

from srs_monai.data.readers.medical import MedicalImageReader
from srs_monai.data.readers.open_volume import OpenVolume, OpenVolumeReader


class LoadImageSlicesd(LoadImaged):
    """MONAI's `LoadImaged` that can also open a volume and load some of its slices.

    As a transform it does the same as `LoadImaged(keys, reader)`. It is a subclass and has a similar name because MONAI
    Label and MONAI Deploy, which load images themselves, find by these what they remove.

    Args:
        keys: of the file names.
        reader: reads the files.
    """

    def __init__(self, keys: KeysCollection, reader: MedicalImageReader) -> None:
        super().__init__(keys, reader=reader)
        self.reader = reader

    def open(self, source: PathLike) -> OpenVolume | None:
        """A volume whose slices can be loaded by themselves; None for other images.

        Raises:
            ValueError: as `MedicalImageReader.open` does.
        """
        return self.reader.open(source)

    def load(
        self, item: Mapping[Hashable, Any], volume: OpenVolume, numbers: Sequence[int] | None = None
    ) -> dict[Hashable, Any]:
        """The item with an open volume, or with an image of some of its slices.

        Args:
            item: as for a call; its file is not opened again.
            volume: what `open` gave for the file.
            numbers: of the slices, ascending; None: the whole volume.
        """
        loaded: dict[Hashable, Any] = self(item, reader=OpenVolumeReader(volume, numbers))
        return loaded
