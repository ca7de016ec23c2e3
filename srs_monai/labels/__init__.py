"""Labels: the classes of label maps, with their names, numbers, codes and colours."""

from srs_monai.labels.coded_concept import LONGEST as LONGEST
from srs_monai.labels.coded_concept import Code as Code
from srs_monai.labels.label import ABNORMALITY as ABNORMALITY
from srs_monai.labels.label import ANATOMY as ANATOMY
from srs_monai.labels.label import MEAN as MEAN
from srs_monai.labels.label import OBJECT as OBJECT
from srs_monai.labels.label import TISSUE as TISSUE
from srs_monai.labels.label import Label as Label
from srs_monai.labels.label import default_labels as default_labels
from srs_monai.labels.label import numbered_name as numbered_name
from srs_monai.labels.label_forms import region_numbers as region_numbers
from srs_monai.labels.label_names import parse_label_names as parse_label_names
from srs_monai.labels.label_names import plain_code as plain_code
from srs_monai.labels.label_names import plain_label_names as plain_label_names
