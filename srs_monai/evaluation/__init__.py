"""Evaluation of predictions: metrics of one case, and tables over all cases."""

from srs_monai.evaluation.evaluate import evaluate as evaluate
from srs_monai.evaluation.evaluator_handlers import CaseMetrics as CaseMetrics
from srs_monai.evaluation.evaluator_handlers import CaseProgress as CaseProgress
from srs_monai.evaluation.items import evaluation_items as evaluation_items
from srs_monai.evaluation.label_metrics import case_rows as case_rows
from srs_monai.evaluation.metrics import case_metrics as case_metrics
from srs_monai.evaluation.metrics_table import MetricTable as MetricTable
from srs_monai.evaluation.metrics_table import Row as Row
from srs_monai.evaluation.metrics_table import Statistic as Statistic
from srs_monai.evaluation.original_metrics import original_metrics as original_metrics
from srs_monai.evaluation.overlap import Overlap as Overlap
