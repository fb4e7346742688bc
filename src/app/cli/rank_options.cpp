#include "app/cli/option_rows.h"

namespace orrery {

std::vector<OptionSpec> rank_options() {
  return {
      option(
          kRunBench, "cfg", "1|2", "groups of ranks: with 2, each guidance branch has its own",
          [](auto& o) -> auto& { return o.grid.cfg; }),
      option(
          kRunBench, "sp", "N",
          "ranks that split a clip's tokens; "
          "each has all weights of its tp rank, and they exchange heads for attention",
          [](auto& o) -> auto& { return o.grid.sp; }),
      option(
          kRunBench, "tp", "N", "ranks that split one copy of the weights; cfg x sp x tp ranks must be started",
          [](auto& o) -> auto& { return o.grid.tp; }),
      option(
          kPlan, "gpus", "N",
          "plan every --cfg, --sp and --tp that up to N GPUs allow, and name the best; 0: only the given ones",
          [](auto& o) -> auto& { return o.plan.gpus; }),
      option(
          kPlan, "gpu", "h100|h200", "the GPUs whose built-in memory and speed are used",
          [](auto& o) -> auto& { return o.plan.gpu; }),
      option(
          kPlan, "gpu-memory", "GB", "memory of a GPU for tensors, in 10^9 bytes; 0: what --gpu has",
          [](auto& o) -> auto& { return o.plan.gpu_memory; }),
      option(
          kPlan, "profile", "FILE",
          "measured speeds of a GPU: the output of orrery bench --json, of one run or of several",
          [](auto& o) -> auto& { return o.plan.profile; }),
      option(
          kAllBench, "device", "auto|cpu|cuda", "where to compute; auto: on GPUs when every rank can have its own",
          [](auto& o) -> auto& { return o.device; }),
      option(
          kAllBench, "dtype", "auto|float32|bfloat16",
          "the type to compute in; auto: bfloat16 on GPUs, float32 on CPUs",
          [](auto& o) -> auto& { return o.model.dtype; }),
      option(
          kRunDecode, "vae-split", "exact|tiles|none",
          "how the ranks split the decoding of a video; "
          "exact: strips of the picture that exchange their edges, with the pixels of one rank; "
          "tiles: overlapping tiles, decoded separately and blended, which changes pixels; none: rank 0 decodes alone",
          [](auto& o) -> auto& { return o.output.vae_split; }),
      option(
          kBench, "vae-split", "exact|tiles|none",
          "how the ranks split the decoding, as in run; with tiles and none, the largest part's convolutions count",
          [](auto& o) -> auto& { return o.bench.vae_split; }),
      option(
          kRunBench, "gemm", "bf16|fp8",
          "the media tower's matrix products; bf16: in the type of --dtype; "
          "fp8: in 8 bits with a factor for each token and each channel, except in "
          "the first and the last layer: faster, with other latents",
          [](auto& o) -> auto& { return o.model.products; }),
      option(
          kRunBench, "input-scales", "static|dynamic",
          "with --gemm fp8, how the inputs of products are scaled; "
          "static: by the checkpoint's input_scale, if it has them; dynamic: each token by its own largest value",
          [](auto& o) -> auto& { return o.model.input_scales; }),
      option(
          kRunBench, "attention", "bf16|fp8",
          "the media tower's attention; bf16: in the type of --dtype; "
          "fp8: in 8 bits, on GPUs by FlashAttention-3's kernel, with rotated queries and "
          "keys and the values' mean subtracted: faster, with other latents",
          [](auto& o) -> auto& { return o.model.attention_format; }),
      option(
          kRun, "full-precision-steps", "A,B",
          "with --gemm fp8 or --attention fp8, compute the first A and the last B "
          "steps of a clip in the type of --dtype, from the 8-bit weights; "
          "0,0: none; not given: as the checkpoint's config says, or 3,3",
          [](auto& o) -> auto& { return o.model.full_precision_steps; }),
      option(
          kRunBench, "attention-kernel", "auto|fa3|cudnn",
          "the kernel for bfloat16 attention on a GPU; "
          "fa3: FlashAttention-3's, for Hopper, which tools/setup.sh installs; "
          "cudnn: cuDNN's, about a tenth slower at 720p; auto: fa3 if every rank has it; the two round differently",
          [](auto& o) -> auto& { return o.model.attention; }),
      option(
          kRun, "text-tower", "keep|release|auto",
          "keep: both towers stay on the GPU; "
          "release: the texts are computed first, then the text tower is released to make room "
          "for the media tower: for models twice the size, with longer loading; "
          "auto: release when both towers do not fit the GPU",
          [](auto& o) -> auto& { return o.model.text_tower; })};
}

}  // namespace orrery
