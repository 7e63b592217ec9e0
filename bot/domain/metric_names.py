"""What a metric's name says: whether less of it is better, or more."""

import re
from functools import cache

_LESS = """loss losses error errors err perplexity ppl nll xent crossentropy ce bce mse rmse mae mape smape msle
    rmsle rmsd rse medae wer cer ter per eer fid kid fvd kld kl divergence distance dist lpips hausdorff hd assd asd
    ece brier logloss deviance bpc bpb bpd fpr fnr far frr regret cost residual rank_loss ade fde mpjpe epe abs_rel
    mcd perplexities mistakes misses violations"""
_MORE = """acc accuracy accuracies f1 f2 fbeta fscore auc auroc auprc aucpr roc map ap mar precision recall
    sensitivity specificity reward rewards rew return returns ret score scores r2 iou miou jaccard dice bleu sacrebleu
    rouge rougel meteor cider spice chrf bertscore mrr ndcg hits hit hitrate kappa mcc psnr ssim msssim pesq stoi sdr
    sisdr snr top success win wins winrate correct elo pck mota idf1 hota em spearman pearson pearsonr corr
    correlation likelihood tpr tnr throughput fps pass elbo llh silhouette"""
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z0-9]+")
_PLAIN = re.compile(r"[a-z0-9]+")
_NEGATIVE = frozenset({"neg", "negative", "minus"})
_ENDS_LESS = ("loss", "error", "perplexity")
_ENDS_MORE = ("accuracy", "reward", "precision", "recall", "score")


def more_is_better(metric: str) -> bool | None:
    """True for `val_accuracy`, False for `val_loss`, None where the name does not tell: `gap`, `entropy`.

    A word for less decides before one for more: `dice_loss`, `f1_error`. scikit-learn turns the sign of its errors, so
    that more is better: `neg_mean_squared_error`.
    https://scikit-learn.org/stable/modules/model_evaluation.html#string-name-scorers
    """
    words = _words(metric)
    less = bool(words & _set(_LESS)) or any(word.endswith(_ENDS_LESS) for word in words)
    more = bool(words & _set(_MORE)) or any(word.endswith(_ENDS_MORE) for word in words)
    if not less and not more:
        return None
    return less if words & _NEGATIVE else not less


@cache
def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _words(metric: str) -> frozenset[str]:
    """In lower case, also without the number at their end: `Rouge2`, `acc1`, `mAP50-95`."""
    words = {word.lower() for word in _WORD.findall(metric)} | set(_PLAIN.findall(metric.lower()))
    return frozenset(words | {word.rstrip("0123456789") for word in words})
