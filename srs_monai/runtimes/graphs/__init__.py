"""Networks as graphs in files, one format in each module: images of any batch and size give logits."""

from srs_monai.runtimes.graphs.onnx_graph import onnx_graph as onnx_graph
from srs_monai.runtimes.graphs.openvino_graph import load_openvino as load_openvino
from srs_monai.runtimes.graphs.openvino_graph import openvino_graph as openvino_graph
from srs_monai.runtimes.graphs.tensorrt_graph import tensorrt_graph as tensorrt_graph
from srs_monai.runtimes.graphs.torchscript_graph import torchscript_graph as torchscript_graph
