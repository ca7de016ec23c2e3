"""Both stages of a run share one cache: each file is decoded once, and stage one keeps nothing for itself."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from monai.bundle import ConfigWorkflow

from srs_monai.data.phantoms import write_phantoms
from srs_monai.data.readers import MedicalImageReader

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:monai")


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each file is decoded."""
    count: Counter[str] = Counter()
    decode = MedicalImageReader.get_data

    def counting(self: MedicalImageReader, img: Any) -> Any:
        count[Path(*img).as_posix()] += 1
        return decode(self, img)

    monkeypatch.setattr(MedicalImageReader, "get_data", counting)
    return count


@pytest.mark.parametrize("check_data", ["true", "false"])
def test_each_file_is_decoded_once(
    workflow: Callable[..., ConfigWorkflow], decoded: Counter[str], phantoms: Path, tmp_path: Path, check_data: str
) -> None:
    write_phantoms(tmp_path / "more", count=3, size=(48, 40), seed=1)
    more = {"unlabelled_dir": str(tmp_path / "more" / "images"), "reconstruct_validation_images": "true"}
    training = workflow(check_data=check_data, epochs=2, **more | {"reconstruction_epochs": 2})
    training.initialize()
    training.run()
    files = [*phantoms.glob("*/*.png"), *(tmp_path / "more" / "images").iterdir()]
    assert decoded == {path.as_posix(): 1 for path in files}
    kept = {name: training.parser.get_parsed_content(f"{name}train#dataset")._cache for name in ("", "reconstruction#")}
    assert all(item is not None for item in kept[""])
    assert len(kept["reconstruction#"]) == 15
    assert all(item is None for item in kept["reconstruction#"])
