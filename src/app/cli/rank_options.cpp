#include "app/cli/option_rows.h"

namespace orrery {

std::vector<OptionSpec> rank_options() {
  return {
      option(
          kRunBench, "cfg", "1|2", "groups of ranks: with 2, each guidance branch has its own",
          [](auto& o) -> auto& { return o.grid.cfg; }),
      option(
          kRunBench, "sp", "N",
          "ranks that share a clip's tokens, each with all weights of its tp rank, and exchange heads for attention",
          [](auto& o) -> auto& { return o.grid.sp; }),
      option(
          kRunBench, "tp", "N",
          "ranks in a group, which share one copy of the weights; cfg x sp x tp ranks are started",
          [](auto& o) -> auto& { return o.grid.tp; }),
      option(
          kPlan, "gpus", "N",
          "plan every --cfg, --sp and --tp that up to N GPUs allow, and say which is best; 0: the one given",
          [](auto& o) -> auto& { return o.plan.gpus; }),
      option(
          kPlan, "gpu", "h100|h200", "the GPUs whose built-in memory and speed count",
          [](auto& o) -> auto& { return o.plan.gpu; }),
      option(
          kPlan, "gpu-memory", "GB", "memory of a GPU for tensors, in 10^9 bytes; 0: what --gpu has",
          [](auto& o) -> auto& { return o.plan.gpu_memory; }),
      option(
          kPlan, "profile", "FILE",
          "how fast a GPU is, as measured: the lines of orrery bench --json, of one run or of several",
          [](auto& o) -> auto& { return o.plan.profile; }),
      option(
          kAllBench, "device", "auto|cpu|cuda", "where to compute; auto: on GPUs when every rank can have its own",
          [](auto& o) -> auto& { return o.device; }),
      option(
          kAllBench, "dtype", "auto|float32|bfloat16", "what to compute in; auto: bfloat16 on GPUs, float32 on CPUs",
          [](auto& o) -> auto& { return o.model.dtype; }),
      option(
          kRunDecode, "vae-split", "exact|tiles|none",
          "how the ranks share the decoding of a video; exact: strips of the picture that exchange their edges, for "
          "the pixels of one rank; tiles: apart, and blended where they overlap, which changes pixels; none: rank 0 "
          "alone",
          [](auto& o) -> auto& { return o.output.vae_split; }),
      option(
          kBench, "vae-split", "exact|tiles|none",
          "how the ranks share the decoding, as run does; of tiles and none the convolutions of the largest part count",
          [](auto& o) -> auto& { return o.bench.vae_split; }),
      option(
          kRunBench, "gemm", "bf16|fp8",
          "the media tower's matrix products; bf16: in what --dtype says; fp8: in 8 bits with a factor for each token "
          "and each channel, but for the first and the last layer: faster, with other latents",
          [](auto& o) -> auto& { return o.model.products; }),
      option(
          kRunBench, "input-scales", "static|dynamic",
          "with --gemm fp8, how inputs of products are rounded; static: by the checkpoint's input_scale, where it has "
          "them; dynamic: each token by its own largest value",
          [](auto& o) -> auto& { return o.model.input_scales; }),
      option(
          kRunBench, "attention", "bf16|fp8",
          "the media tower's attention; bf16: in what --dtype says; fp8: in 8 bits, by FlashAttention-3's kernel on "
          "GPUs, with queries and keys rotated and the values' mean taken out: faster, with other latents",
          [](auto& o) -> auto& { return o.model.attention_format; }),
      option(
          kRun, "full-precision-steps", "A,B",
          "with --gemm fp8 or --attention fp8, compute the first A and the last B steps of a clip in what --dtype "
          "says, from the weights in 8 bits; 0,0: none; not given: as the checkpoint's config says, or 3,3",
          [](auto& o) -> auto& { return o.model.full_precision_steps; }),
      option(
          kRunBench, "attention-kernel", "auto|fa3|cudnn",
          "what computes attention on a GPU in bfloat16; fa3: FlashAttention-3's kernel, for Hopper, which "
          "tools/setup.sh installs; cudnn: cuDNN's, about a tenth slower at 720p; auto: fa3 where every rank has "
          "it; the two round differently",
          [](auto& o) -> auto& { return o.model.attention; }),
      option(
          kRun, "text-tower", "keep|release|auto",
          "release: the texts are computed first, then the text tower's memory is free for the media tower and its "
          "work: for models twice the size, at the price of a longer load; auto: release when both towers do not fit "
          "the GPU",
          [](auto& o) -> auto& { return o.model.text_tower; })};
}

}  // namespace orrery
