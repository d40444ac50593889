"""SimiFeat-V: a label is wrong where the neighbours' majority is for another (Zhu et al. 2022)."""

from benchmarks.methods import Judgement, Task
from benchmarks.methods.simifeat import agreement, soft_labels
from prototypes.engine.blocks import unit_rows


def judge(task: Task) -> Judgement:
    """Flag by the vote, and estimate the noise by it; score by agreement with the soft labels."""
    labels = task.labels
    soft = soft_labels(unit_rows(task.features), labels, labels.max() + 1)
    flag = soft.argmax(axis=1) != labels
    return Judgement({"agreement": agreement(soft, labels)}, flag, float(flag.mean()))
