"""TensorRT: an engine for the NVIDIA GPU on which it is built."""

from pathlib import Path

import torch
from torch import Tensor, nn

from srs_monai.environment import require
from srs_monai.errors import one_line
from srs_monai.runtimes.graphs.graph_files import replacing_graph
from srs_monai.runtimes.graphs.trace import AXES, INPUT, prepared, sample_of

_LOWERED = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def tensorrt_graph(
    network: nn.Module,
    path: str | Path,
    *,
    sample: Tensor | None = None,
    precision: str = "float32",
    batches: tuple[int, int, int] = (1, 8, 16),
    sides: tuple[int, int, int] = (64, 256, 512),
    multiple: int = 8,
) -> None:
    """Write a network as an exported program with TensorRT engines; batch and sides are free within limits.

    Import `torch_tensorrt` before `torch.export.load(path).module()`, which maps an image to logits. The program works
    on the kind of GPU and with the version of TensorRT that built it.

    Args:
        network: image (B, C, H, W[, D]) to logits; it is fused first.
        path: path of the file; an existing file is replaced.
        sample: images with the channels and dimensions of the network; None: taken from its first convolution.
        precision: "float32", without TensorFloat-32; or "bfloat16" or "float16", for operations that support it.
        batches, sides: least, usual and greatest batch and length of a side, in pixels. The engine is tuned for the
            usual values.
        multiple: sides are multiples of it, 2**(levels - 1).

    Raises:
        ValueError: without an NVIDIA GPU or the package torch_tensorrt; for an unknown precision, limits that are not
            multiples, and a network that cannot be converted.
    """
    if precision != "float32" and precision not in _LOWERED:
        raise ValueError(
            f"precision must be one of float32, {', '.join(_LOWERED)}; got {precision!r}; choose one of them"
        )
    if any(side % multiple for side in sides) or list(sides) != sorted(sides) or list(batches) != sorted(batches):
        raise ValueError(
            f"limits must rise from least to greatest, and sides must be multiples of {multiple}; got batches "
            f"{batches} and sides {sides}; correct them"
        )
    if not torch.cuda.is_available():
        raise ValueError(
            "TensorRT needs the NVIDIA GPU that will run the engine, but PyTorch sees none; export to onnx, openvino "
            "or torchscript instead"
        )
    torch_tensorrt = require("torch_tensorrt")
    graph = prepared(network).cuda()
    channels, dimensions = (sample_of(graph) if sample is None else sample).shape[1], sample_of(graph).dim() - 2
    shapes = [(batch, channels, *[side] * dimensions) for batch, side in zip(batches, sides, strict=True)]
    free: dict[int, torch.export.Dim] = {0: torch.export.Dim(AXES[0], min=batches[0], max=batches[2])}
    for axis, name in enumerate(AXES[1 : dimensions + 1], 2):
        free[axis] = multiple * torch.export.Dim(name, min=sides[0] // multiple, max=sides[2] // multiple)
    limits = torch_tensorrt.Input(
        min_shape=shapes[0], opt_shape=shapes[1], max_shape=shapes[2], dtype=torch.float32, name=INPUT
    )
    try:
        with torch.no_grad():
            program = torch.export.export(graph, (torch.rand(shapes[1], device="cuda"),), dynamic_shapes=(free,))
            engine = torch_tensorrt.dynamo.compile(
                program,
                arg_inputs=[limits],
                disable_tf32=True,
                enable_autocast=precision in _LOWERED,
                autocast_low_precision_type=_LOWERED.get(precision),
            )
    except Exception as error:  # an unsupported operator, or an engine that does not fit into memory
        raise ValueError(
            f"TensorRT cannot build an engine of {type(network).__name__}: {one_line(error)}; export it to onnx"
        ) from error
    with replacing_graph(path) as temporary:
        torch_tensorrt.save(engine, str(temporary), arg_inputs=[limits], dynamic_shapes={INPUT: free})
