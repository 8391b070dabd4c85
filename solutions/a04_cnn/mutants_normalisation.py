"""Wrong answers to a04, normalisation by hand, each with the check that must notice it."""

from autograder.authoring.mutants import mutants_of

mutant = mutants_of("convolutional_networks.py")


# fmt: off
MEAN_VAR = "            var = (x - mean).square().mean(dim=0)\n"
RUN_MEAN = 'bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean'
RUN_VAR = 'bn_param["running_var"] = momentum * running_var + (1 - momentum) * var'
CENTRED = "centred, std = x - mean, (var + eps).sqrt()"
BN_OUT = "out = gamma * centred / std + beta"
BN_CACHE = "cache = (centred, std, gamma)"
ALT = "dx = gamma / std * (dout - (dbeta + normal * dgamma) / len(dout))"
TO_ROWS = """\
        rows = x.movedim(1, 3)  # (N, H, W, C)
        out, cache = BatchNorm.forward(rows.flatten(0, 2), gamma, beta, bn_param)
        out = out.reshape(rows.shape).movedim(3, 1)
"""
FROM_ROWS = "        dx = dx.reshape(rows.shape).movedim(3, 1)\n"
SPATIAL_GRADIENT = "check_spatial_batch_norm_gradients_agree_with_autograd"
SPATIAL_VIEWS = "check_spatial_batch_norm_gradients_with_another_eps"
BATCH_NORM = [
    mutant("batch norm: divides the variance by N - 1",
           ("check_batch_norm_agrees_with_torch", "check_batch_norm_of_one_vector"),
           MEAN_VAR, "            var = x.var(dim=0)\n"),
    mutant("batch norm: eps outside of the root", "check_batch_norm_agrees_with_torch",
           CENTRED, "centred, std = x - mean, var.sqrt() + eps"),
    mutant("batch norm: forgets the shift",
           "check_batch_norm_agrees_with_torch", BN_OUT, BN_OUT.replace(" + beta", "")),
    mutant("batch norm: swaps the weights of old and new statistics", "check_batch_norm_keeps_running_statistics",
           RUN_MEAN, RUN_MEAN.replace("= momentum", "= (1 - momentum)").replace("+ (1 - momentum)", "+ momentum")),
    mutant("batch norm: forgets to store the running variance", "check_batch_norm_keeps_running_statistics",
           RUN_VAR, RUN_VAR.replace('bn_param["running_var"]', "running_var")),
    mutant("batch norm: the running variance is torch's, divided by N - 1", "check_batch_norm_keeps_running_statistics",
           RUN_VAR, RUN_VAR + " * len(x) / (len(x) - 1)"),
    mutant("batch norm: test mode like train mode",
           ("check_batch_norm_keeps_running_statistics", "check_batch_norm_of_one_vector"),
           '        if mode == "train":\n            mean = x',
           '        if mode in ("train", "test"):\n            mean = x'),
    mutant("batch norm: momentum is always 0.9", "check_batch_norm_statistics_after_many_batches",
           'bn_param.get("momentum", 0.9)', "0.9"),
    mutant("batch norm: the running variance begins at one", "check_batch_norm_statistics_after_many_batches",
           'bn_param.get("running_var", torch.zeros_like(x[0]))', 'bn_param.get("running_var", torch.ones_like(x[0]))'),
    mutant("batch norm: variance as mean of squares less square of mean",
           "check_batch_norm_keeps_float32_and_its_inputs",
           MEAN_VAR, "            var = x.square().mean(dim=0) - mean.square()\n"),
    mutant("batch norm: centres x in place", "check_batch_norm_keeps_float32_and_its_inputs",
           CENTRED, CENTRED.replace("x - mean", "x.sub_(mean)")),
    mutant("batch norm: stores its running mean in float64", "check_batch_norm_keeps_float32_and_its_inputs",
           RUN_MEAN, RUN_MEAN + ".double()"),
    mutant("batch norm gradient: forgets the path through the variance",
           "check_batch_norm_gradients_agree_with_autograd",
           "dcentred = dnormal / std + 2 * dvar * centred / len(dout)", "dcentred = dnormal / std"),
    mutant("batch norm gradient: forgets the path through the mean", "check_batch_norm_gradients_agree_with_autograd",
           "dx = dcentred - dcentred.mean(dim=0)", "dx = dcentred"),
    mutant("batch norm gradient: forgets gamma", "check_batch_norm_gradients_agree_with_autograd",
           "dnormal = dout * gamma\n        dvar", "dnormal = dout\n        dvar"),
    mutant("batch norm gradient: averages dbeta", "check_batch_norm_gradients_agree_with_autograd",
           "        dbeta = dout.sum(dim=0)\n        dgamma", "        dbeta = dout.mean(dim=0)\n        dgamma"),
    mutant("batch norm gradient: omits eps",
           ("check_batch_norm_gradients_with_any_eps", "check_batch_norm_closed_form_with_any_eps"),
           BN_CACHE, "cache = (centred, var.sqrt(), gamma)"),
    mutant("batch norm gradient: scales dout in place", "check_batch_norm_gradients_in_float32",
           "dnormal = dout * gamma\n        dvar", "dnormal = dout.mul_(gamma)\n        dvar"),
    mutant("closed form: divides by the number of features", "check_batch_norm_closed_form_agrees_with_autograd",
           ALT, ALT.replace("len(dout)", "dout.shape[1]")),
    mutant("closed form: a sign is wrong", "check_batch_norm_closed_form_agrees_with_autograd",
           ALT, ALT.replace("dbeta + normal", "dbeta - normal")),
    mutant("spatial: reshapes without bringing channels last", "check_spatial_batch_norm_agrees_with_torch",
           TO_ROWS, TO_ROWS.replace("rows.flatten(0, 2)", "x.reshape(-1, x.shape[1])")
           .replace("out.reshape(rows.shape).movedim(3, 1)", "out.reshape(x.shape)")),
    mutant("spatial: does not return the statistics", "check_spatial_batch_norm_statistics_after_many_batches",
           TO_ROWS, TO_ROWS.replace("beta, bn_param)", "beta, dict(bn_param))")),
    mutant("spatial: always normalises with eps 1e-5", "check_spatial_batch_norm_agrees_with_torch",
           TO_ROWS, TO_ROWS.replace("beta, bn_param)", 'beta, (own := {**bn_param, "eps": 1e-5}))') + """\
        bn_param.update((name, own[name]) for name in own if "running" in name)
"""),
    mutant("spatial: computes in float64 and returns it", "check_spatial_batch_norm_statistics_after_many_batches",
           TO_ROWS, TO_ROWS.replace("movedim(3, 1)", "movedim(3, 1).double()")),
    mutant("spatial: centres x in place", "check_spatial_batch_norm_statistics_after_many_batches",
           TO_ROWS, TO_ROWS + "        x -= x.mean(dim=(0, 2, 3), keepdim=True)\n"),
    mutant("spatial: flattens with view, which needs contiguous images",
           "check_spatial_batch_norm_statistics_after_many_batches", TO_ROWS, "        x.view(-1)\n" + TO_ROWS),
    mutant("spatial gradient: returns channels last", SPATIAL_GRADIENT,
           "dx = dx.reshape(rows.shape).movedim(3, 1)", "dx = dx.reshape(rows.shape)"),
    mutant("spatial gradient: eps is always 1e-5", SPATIAL_VIEWS, TO_ROWS, TO_ROWS + """\
        usual = cache[1].square() - bn_param.get("eps", 1e-5) + 1e-5
        cache = (cache[0], usual.sqrt(), cache[2])
"""),
    mutant("spatial gradient: scales dout in place", SPATIAL_VIEWS,
           FROM_ROWS, FROM_ROWS + "        dout.mul_(cache[2][:, None, None])\n"),
    mutant("spatial gradient: flattens with view, which needs a contiguous dout", SPATIAL_VIEWS,
           FROM_ROWS, "        dout.view(-1)\n" + FROM_ROWS),
    mutant("spatial gradient: computes in float64 and returns it", SPATIAL_VIEWS,
           FROM_ROWS, FROM_ROWS + "        dx = dx.double()\n", habit="dtype"),
]

LN_STD = "std = (x.var(dim=1, unbiased=False, keepdim=True) + eps).sqrt()"
LN_DX = "dx = (dnormal - dnormal.mean(dim=1, keepdim=True) - along) / std"
LN_SUMS = "dgamma, dbeta = (dout * normal).sum(dim=0), dout.sum(dim=0)"
GN_GROUPS = "groups = x.reshape(len(x), G, -1)  # (N, G, C/G*H*W)"
GN_STD = "std = (groups.var(dim=2, unbiased=False, keepdim=True) + eps).sqrt()"
GN_DX = "dx = ((dnormal - dnormal.mean(dim=2, keepdim=True) - along) / std).reshape(dout.shape)"
GN_CACHE = "out = gamma[:, None, None] * normal + beta[:, None, None]\n        cache = (normal, std, gamma)"
OTHER_NORMS = [
    mutant("layer norm: over the batch", ("check_layer_norm_agrees_with_torch", "check_layer_norm_of_one_row"),
           LN_STD + "\n        normal = (x - x.mean(dim=1, keepdim=True)) / std",
           LN_STD.replace("dim=1", "dim=0") + "\n        normal = (x - x.mean(dim=0, keepdim=True)) / std"),
    mutant("layer norm: divides the variance by D - 1", "check_layer_norm_agrees_with_torch",
           LN_STD, LN_STD.replace("unbiased=False, ", "")),
    mutant("layer norm: eps is always 1e-5",
           "check_layer_norm_agrees_with_torch", LN_STD, LN_STD.replace("eps", "1e-5")),
    mutant("layer norm gradient: forgets the variance",
           ("check_layer_norm_gradients_agree_with_autograd", "check_layer_norm_gradients_on_other_sizes"),
           LN_DX, LN_DX.replace(" - along", "")),
    mutant("layer norm gradient: sums dgamma over the features", "check_layer_norm_gradients_agree_with_autograd",
           LN_SUMS, LN_SUMS.replace("dim=0", "dim=1")),
    mutant("layer norm gradient: computes in float64 and returns it", "check_layer_norm_gradients_on_other_sizes",
           LN_DX, LN_DX + "\n        dx = dx.double()"),
    mutant("group norm: imports the fallback for later assignments",
           ("check_group_norm_agrees_with_torch", "check_group_norm_gradients_agree_with_autograd"),
           "class SpatialGroupNorm:",
           "from common.fallbacks.convolutional_networks import SpatialGroupNorm\n\n\nclass Mine:"),
    mutant("group norm: takes G for the size of a group",
           ("check_group_norm_agrees_with_torch", "check_group_norm_from_one_group_to_one_channel_each"),
           GN_GROUPS, GN_GROUPS.replace("G, -1", "x.shape[1] // G, -1")),
    mutant("group norm: divides the variance by one less", "check_group_norm_agrees_with_torch",
           GN_STD, GN_STD.replace("unbiased=False, ", "")),
    mutant("group norm gradient: forgets the mean",
           ("check_group_norm_gradients_agree_with_autograd", "check_group_norm_gradients_on_other_groups"),
           GN_DX, GN_DX.replace(" - dnormal.mean(dim=2, keepdim=True)", "")),
    mutant("group norm gradient: averages over the whole image", "check_group_norm_gradients_agree_with_autograd",
           "along = groups * (dnormal * groups).mean(dim=2, keepdim=True)",
           "along = groups * (dnormal * groups).mean(dim=(1, 2), keepdim=True)"),
    mutant("group norm gradient: eps is always 1e-5", "check_group_norm_gradients_on_other_groups",
           GN_CACHE, GN_CACHE.replace("std, gamma", "(std.square() - eps + 1e-5).sqrt(), gamma")),
    mutant("group norm gradient: computes in float64 and returns it", "check_group_norm_gradients_on_other_groups",
           GN_DX, GN_DX + "\n        dx = dx.double()"),
]
# fmt: on

MUTANTS = BATCH_NORM + OTHER_NORMS
