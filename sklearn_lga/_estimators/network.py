"""The skorch net of an estimator, made by its plan."""

from functools import partial

import torch

from .._training.algorithm import TrainingState
from .._training.imputed_labels import ImputedLabels
from .._training.net import SemiSupervisedNet, split_off
from .._training.optimizer import AdamW
from .._training.seeds import Generator
from ..modules import MLP
from .module_checks import check_module, check_module_outputs

ROW_MULTIPLE = 16
"""Rows to a multiple of which prediction batches of the built-in network are padded."""


def make_net(estimator, task, plan, inputs, dataset, valid, run):
    """The net, not yet initialized.

    Parameters
    ----------
    estimator : NetEstimator

    task : Classes or Targets

    plan : Plan

    inputs : Inputs or None

    dataset : SemiSupervisedDataset

    valid : RowDataset or None

    run : Run

    Returns
    -------
    net : SemiSupervisedNet
    """
    processes, device, seeds = run.processes, run.device, run.seeds
    noise_generator = Generator(device).manual_seed(seeds.noise + processes.index)
    settings = {
        "n_steps": plan.n_steps,
        "regularizers": task.regularizers(estimator.regularizers),
        "batch_generator": Generator().manual_seed(seeds.batches),
        "noise_generator": noise_generator,
        "processes": processes,
    }
    if plan.label_lr is not None:
        settings |= {
            "labels": labels_shape(estimator, task, dataset),
            "label_lr": float(plan.label_lr),
            "labeled_weight": plan.labeled_weight,
            "decay": estimator.decay,
            "eps_norm": float(plan.eps_norm),
        }
    return SemiSupervisedNet(
        module_factory(estimator, task, inputs, dataset, seeds.module, noise_generator),
        task.objective,
        # Made when skorch has made the module.
        state=partial(make_state, objective=task.objective, **settings),
        lr=plan.lr,
        max_epochs=plan.n_epochs,
        batch_size=estimator.batch_size,
        inputs=inputs,
        train_split=split_off(valid),
        row_multiple=ROW_MULTIPLE if estimator.module is None else 1,
        callbacks=run.callbacks,
        device=device,
        compile=estimator.compile,
        verbose=max(0, int(estimator.verbose) - 1) if processes.index == 0 else 0,
        **optimizer_settings(estimator, plan, device),
        **(estimator.net_params or {}),
    )


def make_state(module, *, objective, labels=None, label_lr=None, **settings):
    """The state of a training, with imputed labels of a shape or without any."""
    imputed = labels and ImputedLabels(labels, lr=label_lr)
    return TrainingState(objective, module, imputed_labels=imputed, **settings)


def labels_shape(estimator, task, dataset):
    """The shape of w: members of the built-in network have labels of their own."""
    members = [estimator.n_members] if estimator.module is None else []
    members = [n for n in members if n > 1]
    return (len(dataset.own_rows), *members, task.n_outputs)


def optimizer_settings(estimator, plan, device):
    """Adam with decoupled weight decay, in one kernel where torch has it."""
    net_params = estimator.net_params or {}
    if "optimizer" in net_params:
        return {}
    fused = torch.device(device).type in ("cpu", "cuda")
    settings = {
        "optimizer": AdamW,
        "optimizer__weight_decay": plan.weight_decay,
        "optimizer__fused": fused,
    }
    return {k: value for k, value in settings.items() if k not in net_params}


def module_factory(estimator, task, inputs, dataset, seed, noise_generator):
    """A callable that builds the network from ``module_params``."""
    if estimator.module is not None:
        check_module(estimator)
        shape = dataset.X.shape[1:]
        of_classes = task.kind == "classes"
        return partial(
            build_module, estimator.module, shape, task.n_outputs, of_classes
        )
    return partial(
        MLP,
        inputs.n_columns if inputs else dataset.X.shape[1],
        task.n_outputs,
        hidden_layer_sizes=estimator.hidden_layer_sizes,
        dropout=estimator.dropout,
        n_members=estimator.n_members,
        inputs=inputs and inputs.layer,
        generator=Generator().manual_seed(seed),
        noise_generator=noise_generator,
    )


def build_module(build, shape, n_outputs, of_classes, **module_params):
    """A network of the user's, looked at before it is trained."""
    n_features = shape if len(shape) > 1 else shape[0]
    module = build(n_features, n_outputs, **module_params)
    if isinstance(module, torch.nn.Module):
        check_module_outputs(module, shape, of_classes)
    return module


def resolve_device(device):
    """The device to train on, refused where torch cannot use it."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.ones(1, device=device).item()  # "meta" holds no values
        Generator(device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device={device!r} cannot be used: {error}. Pass 'auto', 'cpu', or a "
            "device that torch finds on this machine, such as 'cuda', its name for a "
            "GPU."
        ) from error
    return device
