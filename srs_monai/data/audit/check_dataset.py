"""The check of a published data set: every file, every list and near-duplicates."""

from collections.abc import Callable, Sequence
from pathlib import Path

from srs_monai.data.audit.dataset_report import DatasetReport, count, describe, remark_on_masks
from srs_monai.data.audit.examine_case import ExamineCase, Findings
from srs_monai.data.recipes import Case, Sections, recipe
from srs_monai.data.split_lists import reject_repeated_names, reject_shared_names
from srs_monai.data.splits.near_duplicates import groups_of_pairs, near_duplicates
from srs_monai.data.splits.split_leaks import find_leaks
from srs_monai.progress import in_threads
from srs_monai.text import few


def check_dataset(name: str, folder: str | Path, *, progress: bool = True) -> DatasetReport:
    """Read all images, masks and lists of a published data set as training does, and continue after faults.

    Args:
        name: name of the recipe.
        folder: folder of the data set.
        progress: show bars.

    Raises:
        ValueError: when there is no such recipe. The report holds all faults of the folder.
    """
    known = recipe(name)
    report = DatasetReport(known.title)
    try:
        root, layout = known.located(folder)
        cases = known.cases(folder)
    except (OSError, ValueError) as error:
        report.faults.append(str(error))
        return report
    report.facts.append(f"layout: {layout.description}, in {root}")
    _note(report.faults, lambda: reject_repeated_names([case.name for case in cases], str(root)))
    findings = in_threads(ExamineCase(known, layout), cases, "checking", progress=progress)
    for each in findings:
        if each.case.normal:
            report.remarks += [f"{fault} (normal, skipped by default)" for fault in each.faults]
        else:
            report.faults += each.faults
    splits: dict[str, Sections] = {}
    _note(report.faults, lambda: splits.update(known.published(folder, cases)))
    report.counts = count(known, findings, splits)
    report.facts += describe(findings)
    report.remarks += remark_on_masks(findings)
    pairs = _add_near_duplicates(report, findings, progress)
    for title, sections in splits.items():
        _check_split(report, title, sections, cases, pairs)
    return report


def _note(faults: list[str], work: Callable[[], None]) -> None:
    """Run the work and add its error to the faults."""
    try:
        work()
    except (OSError, ValueError) as error:
        faults.append(str(error))


def _add_near_duplicates(report: DatasetReport, findings: Sequence[Findings], progress: bool) -> list[tuple[str, str]]:
    """Report near-duplicates among the readable images; of pairs within a patient, only their number."""
    cases = {each.case.image: each.case for each in findings if each.size}
    alike: list[tuple[str, str, float]] = []
    _note(report.faults, lambda: alike.extend(near_duplicates(list(cases), progress=progress)))
    pairs = [(cases[first], cases[second], value) for first, second, value in alike]
    apart = [pair for pair in pairs if pair[0].patient is None or pair[0].patient != pair[1].patient]
    report.near_duplicates = [(first.name, second.name, value) for first, second, value in apart]
    if within := len(pairs) - len(apart):
        report.remarks.append(f"near-duplicates within patients, pairs: {within}")
    if apart:
        groups = groups_of_pairs([case.name for case in cases.values()], [pair[:2] for pair in report.near_duplicates])
        of_whom = " of different patients" if any(first.patient for first, *_ in apart) else ""
        images = f"{sum(map(len, groups))} images in {len(groups)} groups"
        report.remarks.append(f"near-duplicates{of_whom}, pairs: {len(apart)}, of {images}")
    return [(first.name, second.name) for first, second, _ in pairs]


def _check_split(
    report: DatasetReport, title: str, sections: Sections, cases: Sequence[Case], pairs: Sequence[tuple[str, str]]
) -> None:
    there = {case.name for case in cases}
    missing = [name for names in sections.values() for name in names if name not in there]
    if missing:
        report.faults.append(f"the split {title} names images that do not exist: {few(missing)}")
    _note(report.faults, lambda: reject_shared_names(sections))
    leaks = find_leaks(sections, cases, pairs)
    if not leaks:
        return
    held_out = {name for section, names in sections.items() if section != "training" for name in names}
    twins = {name for pair in leaks.pairs for name, _ in pair if name in held_out}
    seen = f"; held-out images with a near-duplicate elsewhere: {len(twins)} of {len(held_out)}" if twins else ""
    report.remarks.append(f"the split {title} has {leaks}{seen}")
