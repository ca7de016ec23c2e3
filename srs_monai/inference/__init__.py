"""Inference: images go through a network, and masks on the images' own grids go into files."""

from srs_monai.export.export_network import Exported as Exported
from srs_monai.export.export_network import export as export
from srs_monai.export.export_network import export_network as export_network
from srs_monai.inference.cases.load_image_slices import LoadImageSlicesd as LoadImageSlicesd
from srs_monai.inference.cases.runner import FailedCasesError as FailedCasesError
from srs_monai.inference.cases.runner import run_cases as run_cases
from srs_monai.inference.inferers.network_inferer import NetworkInferer as NetworkInferer
from srs_monai.inference.inferers.runtime_inferer import RuntimeInferer as RuntimeInferer
from srs_monai.inference.inferers.slice_batch_inferer import SliceBatchInferer as SliceBatchInferer
from srs_monai.inference.predict import predict as predict
from srs_monai.inference.results.case_result import Result as Result
from srs_monai.inference.results.remove_small_components import RemoveSmallComponentsd as RemoveSmallComponentsd
from srs_monai.inference.results.result_names import read_sidecar as read_sidecar
from srs_monai.inference.results.sidecar import Run as Run
from srs_monai.inference.results.summary import summary_table as summary_table
from srs_monai.inference.results.summary import warning_list as warning_list
from srs_monai.inference.writers.mask_formats import FORMATS as FORMATS
from srs_monai.inference.writers.save_mask import SaveImageMaskd as SaveImageMaskd
from srs_monai.inference.writers.save_overlay import SaveImageOverlayd as SaveImageOverlayd
