"""Functions for the expressions in the bundle's configurations, besides those of the other rooms."""

from srs_monai.config.given_values import check_config as check_config
from srs_monai.config.settings import TrainedSettings as TrainedSettings
from srs_monai.config.settings import check_resumed as check_resumed
from srs_monai.config.settings import check_settings as check_settings
from srs_monai.config.settings import split_of_run as split_of_run
from srs_monai.config.settings import write_settings as write_settings
from srs_monai.config.values import Switches as Switches
from srs_monai.config.values import binary_threshold as binary_threshold
from srs_monai.config.values import switch as switch
from srs_monai.config.workflow import bundle_root as bundle_root
from srs_monai.config.workflow import running_workflow as running_workflow
from srs_monai.device import keep_freed_memory as keep_freed_memory
from srs_monai.device import pick_device as pick_device
from srs_monai.device import place as place
from srs_monai.errors import end_with_the_cause as end_with_the_cause
from srs_monai.weights import load_weights as load_weights
from srs_monai.weights import require_weights as require_weights
