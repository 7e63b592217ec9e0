import pytest

from bot.domain.metric_names import more_is_better

LESS = """loss val_loss valLoss train/box_loss Loss/val eval_loss perplexity val_ppl FID fid_score WER wer test-cer
    error_rate top1_err RMSE val_rmse mae dice_loss nll bits_per_dim_bpd log_loss cross_entropy_loss MAE(val)
    neg_log_likelihood validation_0-rmse mean_absolute_error LPIPS reward_loss loss_total crossEntropyLoss
    validation_0-logloss"""


@pytest.mark.parametrize("metric", LESS.split())
def test_less_is_better(metric: str) -> None:
    assert more_is_better(metric) is False


MORE = """val_accuracy acc val/acc acc1 Acc@1 f1 f1|macro val_f1_macro AUC roc_auc mAP mAP@0.5 metrics/mAP50-95(B) AP50
    rollout/ep_rew_mean EpRet episode_reward mean_return BLEU rouge2 rougeL dice[liver] mIoU iou r2 r2_score PSNR ssim
    exact_match_em pass@1 success_rate neg_mean_squared_error precision recall ndcg@10 hits@10 kappa balanced_accuracy
    test_score log_likelihood spearmanr_corr"""


@pytest.mark.parametrize("metric", MORE.split())
def test_more_is_better(metric: str) -> None:
    assert more_is_better(metric) is True


@pytest.mark.parametrize("metric", ["gap", "entropy", "x", "learning_rate", "ep_len_mean", "grad_norm", "", "損失"])
def test_name_that_does_not_tell(metric: str) -> None:
    assert more_is_better(metric) is None
