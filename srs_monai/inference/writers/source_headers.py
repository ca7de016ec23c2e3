"""Headers of source files, mended where results that refer to them need more than they have."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom import Dataset, config

from srs_monai.data.readers import DicomError

#: what every object of a study has, if need be without a value
OF_STUDY = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyID", "StudyDate", "StudyTime",
    "AccessionNumber", "ReferringPhysicianName",
)  # fmt: skip
_FORMS = {
    "PatientSex": re.compile("[MFO]"),
    "PatientBirthDate": re.compile(r"\d{8}"),
    "StudyDate": re.compile(r"\d{8}"),
    "StudyTime": re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?"),
}
_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")
_OF_SLICE = [
    "SOPClassUID", "SOPInstanceUID", *_UIDS, "Rows", "Columns", "ImagePositionPatient", "ImageOrientationPatient",
    "PixelSpacing", "SliceThickness",
]  # fmt: skip


@dataclass(frozen=True)
class SourceHeaders:
    """Headers, one a file, the first whole and the others with what places them, and sentences on what was mended."""

    datasets: Sequence[Dataset]
    notes: Sequence[str]


def source_headers(paths: Sequence[Path]) -> SourceHeaders:
    """Read the headers of the files that a result refers to, and mend them.

    UIDs that are empty in a data set are taken from its file meta data. A study, series or frame of reference without
    a UID gets one that follows from its first instance, the same in every run. What every object of a study has, if
    need be without a value, is there.

    Args:
        paths: of one series, in the order of its slices; a file may stand there several times.

    Raises:
        DicomError: when a file has no SOP class or instance UID at all.
    """
    files = list(dict.fromkeys(paths))
    with config.disable_value_validation():  # results carry what the source says, faulty or not
        datasets = [pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(_OF_SLICE)) for path in files[1:]]
        datasets = [pydicom.dcmread(files[0], stop_before_pixels=True), *datasets]
        for path, dataset in zip(files, datasets, strict=True):
            _name_instance(dataset, path)
        return SourceHeaders(datasets, [*_name_series(datasets), *_complete_study(datasets[0])])


def uid_from(*parts: object) -> str:
    """A UID that is always the same for the same parts."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, chr(0).join(map(str, parts))).int}"


def _name_instance(dataset: Dataset, path: Path) -> None:
    for keyword in ("SOPClassUID", "SOPInstanceUID"):
        value = dataset.get(keyword) or dataset.file_meta.get(f"MediaStorage{keyword}")
        if not value:
            raise DicomError(
                f"results refer to their source by {keyword}, but {path} has none; give it one, or use format nifti"
            )
        setattr(dataset, keyword, value)


def _name_series(datasets: Sequence[Dataset]) -> list[str]:
    notes = []
    first = min(str(dataset.SOPInstanceUID) for dataset in datasets)
    for keyword in _UIDS:
        known = next((str(dataset.get(keyword)) for dataset in datasets if dataset.get(keyword)), "")
        if not known:
            notes.append(f"the source has no {keyword}: one was made, which follows from its instances")
        for dataset in datasets:
            setattr(dataset, keyword, known or uid_from(keyword, first))
    return notes


def _complete_study(dataset: Dataset) -> list[str]:
    absent = [keyword for keyword in OF_STUDY if keyword not in dataset]
    faulty = [keyword for keyword in OF_STUDY if keyword in dataset and not _is_usable(keyword, dataset[keyword].value)]
    for keyword in (*absent, *faulty):
        setattr(dataset, keyword, "")
    return [
        f"{', '.join(keywords)} {said} in the source: written empty"
        for keywords, said in ((absent, "not there"), (faulty, "faulty"))
        if keywords
    ]


def _is_usable(keyword: str, value: object) -> bool:
    """Whether a value is of the form that DICOM asks for."""
    form = _FORMS.get(keyword)
    return form is None or not value or form.fullmatch(str(value)) is not None
