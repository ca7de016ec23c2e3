"""Headers of source files, completed for results that refer to them."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset, config

from srs_monai.dicom.header import NO_SERIES_UID, DicomError, Header
from srs_monai.dicom.header_cache import read_header
from srs_monai.dicom.whole_headers import whole_header

#: tags that every object of a study must have, possibly without a value
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
    """One header for each file, and a sentence on each change. The first is whole, the others hold only geometry."""

    datasets: Sequence[Dataset]
    notes: Sequence[str]


def source_headers(paths: Sequence[Path]) -> SourceHeaders:
    """The completed headers of the files that a result refers to.

    Empty UIDs of a data set are taken from its file meta data. A study, series or frame of reference without a UID gets
    one that is computed from its first instance, so it is the same in every run. Required tags of a study are added,
    without a value if the source has none.

    Args:
        paths: files of one series, in the order of its slices; a file may occur several times.

    Raises:
        DicomError: when a file has no SOP class or instance UID, or cannot be read as an image.
    """
    files = list(dict.fromkeys(paths))
    with config.disable_value_validation():  # results copy values of the source, also faulty ones
        headers = [read_header(path) for path in files]
        datasets = [whole_header(files[0]), *(_slice(header) for header in headers[1:])]
        for header, dataset in zip(headers, datasets, strict=True):
            _name_instance(dataset, header)
        return SourceHeaders(datasets, [*_name_series(datasets), *_complete_study(datasets[0])])


def uid_from(*parts: object) -> str:
    """A UID that depends on these parts only."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, chr(0).join(map(str, parts))).int}"


def _slice(header: Header) -> Dataset:
    """The header of a further slice, with the tags that results need."""
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
                f"results refer to their source by {keyword}, but {header.path} has none; add it, or use format nifti"
            )
        setattr(dataset, keyword, value)


def _name_series(datasets: Sequence[Dataset]) -> list[str]:
    notes = []
    first = min(str(dataset.SOPInstanceUID) for dataset in datasets)
    for keyword in _UIDS:
        known = next((str(dataset.get(keyword)) for dataset in datasets if dataset.get(keyword)), "")
        if not known:
            notes.append(f"the source has no {keyword}: one was computed from its instances")
        for dataset in datasets:
            setattr(dataset, keyword, known or uid_from(keyword, first))
    return notes


def _complete_study(dataset: Dataset) -> list[str]:
    absent = [keyword for keyword in OF_STUDY if keyword not in dataset]
    faulty = [keyword for keyword in OF_STUDY if keyword in dataset and not _is_usable(keyword, dataset[keyword].value)]
    for keyword in (*absent, *faulty):
        setattr(dataset, keyword, "")
    return [
        f"the source has {fault} {', '.join(keywords)}: written empty"
        for fault, keywords in (("no", absent), ("invalid", faulty))
        if keywords
    ]


def _is_usable(keyword: str, value: object) -> bool:
    """Whether a value has the form that DICOM requires."""
    form = _FORMS.get(keyword)
    return form is None or not value or form.fullmatch(str(value)) is not None
