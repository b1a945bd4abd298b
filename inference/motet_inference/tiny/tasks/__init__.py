"""The tasks of the shipped adapters, and the base's own: their items, answers and checks."""

from functools import cache

from motet_inference.tiny.tasks import pirate, plain, sql, triage
from motet_inference.tiny.tasks.task import Task
from motet_inference.tiny.text.holdout import Holdout

TASKS: dict[str, Task] = {task.name: task for task in (triage.TASK, sql.TASK, pirate.TASK)}
"""Adapter name -> what it is trained for."""

PLAIN: Task = plain.TASK
"""What the base is asked without any adapter."""


@cache
def holdout() -> Holdout:
    """The index over every evaluation prompt of every task."""
    return Holdout(item.question for task in (*TASKS.values(), PLAIN) for item in task.held_out())
