"""Inference: images through a network, masks back on the images' own grids, and into files."""

from srs_monai.inference.case_result import Result as Result
from srs_monai.inference.components import RemoveSmallComponentsd as RemoveSmallComponentsd
from srs_monai.inference.export import Exported as Exported
from srs_monai.inference.export import export as export
from srs_monai.inference.export import export_network as export_network
from srs_monai.inference.formats import FORMATS as FORMATS
from srs_monai.inference.network_inferer import NetworkInferer as NetworkInferer
from srs_monai.inference.predict import predict as predict
from srs_monai.inference.results import read_sidecar as read_sidecar
from srs_monai.inference.runner import FailedCasesError as FailedCasesError
from srs_monai.inference.runner import run_cases as run_cases
from srs_monai.inference.runtime_inferer import RuntimeInferer as RuntimeInferer
from srs_monai.inference.save import SaveImageMaskd as SaveImageMaskd
from srs_monai.inference.save import SaveImageOverlayd as SaveImageOverlayd
from srs_monai.inference.sidecar import Run as Run
from srs_monai.inference.slice_batch_inferer import SliceBatchInferer as SliceBatchInferer
from srs_monai.inference.summary import summary_table as summary_table
from srs_monai.inference.summary import warning_list as warning_list
