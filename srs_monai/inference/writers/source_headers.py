"""Headers of source files, completed where results that refer to them need more than the files have."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset, config

from srs_monai.dicom.header import NO_SERIES_UID, DicomError, Header
from srs_monai.dicom.header_cache import read_header
from srs_monai.dicom.whole_headers import whole_header

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


@dataclass(frozen=True)
class SourceHeaders:
    """Headers, one a file, the first whole and the others with what places them, and a sentence on each change."""

    datasets: Sequence[Dataset]
    notes: Sequence[str]


def source_headers(paths: Sequence[Path]) -> SourceHeaders:
    """The headers of the files that a result refers to, completed.

    UIDs that are empty in a data set are taken from its file meta data. A study, series or frame of reference without
    a UID gets one that follows from its first instance, the same in every run. What every object of a study needs is
    added, without a value where the source has none.

    Args:
        paths: of one series, in the order of its slices; a file may stand there several times.

    Raises:
        DicomError: when a file has no SOP class or instance UID at all, or is not read as an image.
    """
    files = list(dict.fromkeys(paths))
    with config.disable_value_validation():  # results carry what the source says, faulty or not
        headers = [read_header(path) for path in files]
        datasets = [whole_header(files[0]), *(_slice(header) for header in headers[1:])]
        for header, dataset in zip(headers, datasets, strict=True):
            _name_instance(dataset, header)
        return SourceHeaders(datasets, [*_name_series(datasets), *_complete_study(datasets[0])])


def uid_from(*parts: object) -> str:
    """A UID that is always the same for the same parts."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, chr(0).join(map(str, parts))).int}"


def _slice(header: Header) -> Dataset:
    """What results need of a slice beside the first."""
    dataset = Dataset()
    for keyword, value in (
        ("StudyInstanceUID", header.study_uid),
        ("SeriesInstanceUID", "" if header.series_uid == NO_SERIES_UID else header.series_uid),
        ("FrameOfReferenceUID", header.frame_of_reference),
        ("Rows", header.rows),
        ("Columns", header.columns),
        ("ImagePositionPatient", list(header.position or ())),
    ):
        setattr(dataset, keyword, value)
    return dataset


def _name_instance(dataset: Dataset, header: Header) -> None:
    for keyword, value in (("SOPClassUID", header.sop_class), ("SOPInstanceUID", header.sop_instance)):
        if not value:
            raise DicomError(
                f"results refer to their source by {keyword}, but {header.path} has none; give it one, or use format "
                f"nifti"
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
