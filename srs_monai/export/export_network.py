"""Trained networks as graphs in files; each graph is compared with PyTorch before its file appears."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from torch import Tensor, nn

from srs_monai.config.bundle_workflow import (
    InferenceOptions,
    absolute,
    check_names,
    inference_workflow,
    restored_process,
)
from srs_monai.config.settings import settings_of
from srs_monai.data.phantoms import write_phantoms
from srs_monai.environment import require, software_versions
from srs_monai.errors import one_line, root_cause
from srs_monai.export.compare import BATCHES, Comparison, compare, prepared_pictures
from srs_monai.files import check_folder, sha256_of, write_atomically
from srs_monai.runtimes.graphs.graph_files import files_of, replacing_graph
from srs_monai.runtimes.graphs.graph_formats import GRAPH_FORMATS
from srs_monai.runtimes.graphs.openvino_graph import load_openvino
from srs_monai.runtimes.graphs.trace import INPUT, OUTPUT
from srs_monai.weights import require_weights

logger = logging.getLogger(__name__)

# arguments of `export` by their names in the configuration
_ARGUMENTS = {"dataset_dir": "images", "ckpt_path": "weights", "output_dir": "path", "settings": "settings_file"}
_USUAL, _OTHER = (256, 256), (96, 160)  # height and width in pixels: if the weights have no size, and a second one
_PHANTOM = 32  # pixels: smallest side of a phantom


@dataclass(frozen=True)
class Exported:
    """A graph in a file.

    Args:
        path: path of the graph.
        format: onnx, torchscript, openvino or tensorrt.
        comparison: largest differences from PyTorch.
        description: path of the file that describes the export.
    """

    path: Path
    format: str
    comparison: Comparison
    description: Path


def export(
    path: str | Path,
    to: str,
    *,
    weights: str | Path | None = None,
    settings_file: str | Path | None = None,
    trust_settings: bool = False,
    bundle: str | Path | None = None,
    overlays: Sequence[str | Path] = (),
    images: str | Path | None = None,
    tolerance: float = 1e-4,
    overwrite: bool = False,
    **settings: Any,
) -> Exported:
    """Write the network of trained weights as a graph, and compare the file with PyTorch.

    Network and preparation of images come from the bundle's configs/inference.yaml and the settings beside the
    weights, as in `predict`. The graph takes prepared images and gives logits, in float32. Batch size, height and width
    are free (see the functions of `srs_monai.runtimes.graphs`). The file is run by its own runtime, in batches of 1, 3
    and 8 and in two sizes, and its probabilities are compared with those of the plain network.

    Args:
        path: path of the graph with the ending .onnx, .ts, .xml (the weights go into a .bin file beside it) or .pt2.
        to: onnx, torchscript, openvino or tensorrt.
        weights: file of the network's weights; None: the bundle's.
        settings_file, trust_settings: as in `predict`.
        bundle: folder of a bundle; None: the one beside this package.
        overlays: configuration files that come after the bundle's.
        images: images for the comparison: a picture, series or volume, or a folder of them; None: generated phantoms.
        tolerance: largest accepted difference of a probability, and of a logit relative to the largest logit.
        overwrite: replace an existing graph.
        settings: further values of the configuration.

    Returns:
        What was written. PATH.json beside it has the weights, the settings, the versions and the differences.

    Raises:
        ValueError: for an unknown format, a missing package, an existing file, weights that do not fit, a network that
            cannot be exported to the format, and a graph that differs by more than the tolerance. Then nothing is
            written.
    """
    check_names(settings, _ARGUMENTS)
    _check_target(path, to, overwrite)
    with restored_process(), TemporaryDirectory() as made:
        phantoms = Path(made) / "phantoms"
        values = {
            "dataset_dir": absolute(phantoms / "images" if images is None else images),
            "output_dir": absolute(Path(made) / "results"),  # required, but nothing is written there
            "device": "cpu",
            "channels_last": False,
            **settings,
        }
        workflow = inference_workflow(
            InferenceOptions(
                bundle=bundle,
                weights=weights,
                settings_file=settings_file,
                trust_settings=trust_settings,
                overlays=overlays,
                values=values,
            )
        )
        try:
            workflow.initialize()
            parser = workflow.parser
            network = parser.get_parsed_content("network")
            loaded = require_weights(network)
            size = tuple(parser.get_parsed_content("image_size") or _USUAL)
            if images is None:
                write_phantoms(phantoms, count=max(BATCHES), size=[max(side, _PHANTOM) for side in size])
            pictures = prepared_pictures(workflow, max(BATCHES))
        except Exception as error:  # MONAI wraps it in one more error for each expression
            raise root_cause(error) from None
        about = {
            "weights": {"path": str(loaded.path), "sha256": loaded.sha256},
            "settings": settings_of(parser),
            "images": "generated phantoms" if images is None else str(images),
        }
    return export_network(
        network,
        path,
        to,
        pictures=pictures,
        sizes=(size, _OTHER),
        tolerance=tolerance,
        overwrite=overwrite,
        about=about,
    )


def export_network(
    network: nn.Module,
    path: str | Path,
    to: str,
    *,
    pictures: Sequence[Tensor],
    sizes: Sequence[Sequence[int]] = (_USUAL, _OTHER),
    tolerance: float = 1e-4,
    overwrite: bool = False,
    about: Mapping[str, Any] | None = None,
) -> Exported:
    """Write a network as a graph, and compare the file with PyTorch; see `export`.

    Args:
        network: takes images (B, C, H, W) and gives logits; it stays on the CPU in eval mode.
        path, to, tolerance, overwrite: as in `export`.
        pictures: pictures (C, H, W) for the comparison, prepared for the network.
        sizes: heights and widths in pixels to which the pictures are resized.
        about: further facts for PATH.json.

    Raises:
        ValueError: as in `export`.
    """
    target = _check_target(path, to, overwrite)
    form, description = GRAPH_FORMATS[to], _description(target)
    with replacing_graph(target) as temporary:
        form.write(network, temporary)
        comparison = _compared(network, temporary, to, pictures, sizes)
        if not max(comparison.probability, comparison.logit) <= tolerance:
            raise ValueError(
                f"the {to} graph of {type(network).__name__} differs from the network by {comparison}, more than the "
                f"tolerance {tolerance:g}; nothing is written: export to another format"
            )
        hashes = {file.name: sha256_of(file) for file in files_of(temporary)}
        description.unlink(missing_ok=True)  # it describes an earlier graph
    channels = comparison.channels
    probability = "sigmoid" if channels == 1 else "softmax over the channels"
    compared = {"tolerance": tolerance, "batches": BATCHES, "sizes": sizes, "pictures": len(pictures)}
    content = {
        "format": to,
        "files": hashes,
        "input": {"name": INPUT, "shape": ["batch", len(pictures[0]), "height", "width"], "dtype": "float32"},
        "output": {"name": OUTPUT, "shape": ["batch", channels, "height", "width"], "probability": probability},
        **(about or {}),
        "largest_differences": asdict(comparison),
        "compared": compared,
        "versions": software_versions(*form.packages),
    }
    write_atomically(description, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())
    logger.info("%s: largest difference from PyTorch: %s", target, comparison)
    return Exported(target, to, comparison, description)


def _compared(
    network: nn.Module, path: Path, to: str, pictures: Sequence[Tensor], sizes: Sequence[Sequence[int]]
) -> Comparison:
    """Compare a graph with its network; any error of the runtime becomes a ValueError."""
    try:
        return compare(network, GRAPH_FORMATS[to].run(path), pictures, sizes=sizes)
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(
            f"the {to} graph of {type(network).__name__} fails: {one_line(error)}; nothing is written: export to "
            "another format"
        ) from error


def _check_target(path: str | Path, to: str, overwrite: bool) -> Path:
    """The path of the graph, if it can be written and the packages of its format are installed."""
    if to not in GRAPH_FORMATS:
        raise ValueError(f"the format must be one of {', '.join(GRAPH_FORMATS)}; got {to!r}")
    form, target = GRAPH_FORMATS[to], Path(path).expanduser()
    if target.suffix != form.suffix:
        raise ValueError(f"the file name of a {to} graph must end in {form.suffix}; got {path}")
    there = [file for file in (*files_of(target), _description(target)) if file.exists()]
    if there and (not overwrite or any(file.is_dir() for file in there)):
        raise ValueError(f"{there[0]} already exists; use another name, or --overwrite (in Python overwrite=True)")
    check_folder(target.parent)
    for package in form.packages:
        if package == "openvino":
            load_openvino()
        else:
            require(package)
    return target


def _description(target: Path) -> Path:
    """The path of a graph's description: model.onnx.json beside model.onnx, just as model.json belongs to model.pt."""
    return target.with_name(f"{target.name}.json")
