#include "app/plan/clip_work.h"

#include <c10/util/accumulate.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "models/cosmos3/stream_layers.h"
#include "models/cosmos3/transformer.h"
#include "models/cost/decoder_work.h"
#include "models/cost/step_costs.h"
#include "models/nn/residual.h"
#include "pipeline/chunks.h"
#include "pipeline/clip_needs.h"
#include "pipeline/video_decode.h"

namespace orrery {
namespace {

void add(StepWork& work, const PhaseCosts& costs, double calls) {
  for (const auto& [phase, cost] : costs) {
    switch (kind_of(phase)) {
      case PhaseKind::Attention:
        work.attention_flops += calls * cost.flops;
        break;
      case PhaseKind::Product:
        work.product_flops += calls * cost.flops;
        break;
      default:
        work.other_flops += calls * cost.flops;
        work.memory_bytes += calls * cost.bytes;
    }
  }
}

// Bytes read and written to expand a layer's weights from 8 bits: each is converted, then multiplied in place.
double multiplied_bytes(const LayerWork& layer, double element) {
  double weights = 0;
  for (const LayerProduct& product : layer.products()) weights += static_cast<double>(product.in * product.out);
  return weights * (1 + 3 * element);
}

// The number of velocity values that the tokens `own` of the whole sequence (all streams) are projected to.
std::int64_t projected_values(const MediaShape& shape, const Range& own) {
  std::int64_t values = 0, begin = 0;
  for (const auto& [stream, each] : shape.streams) {
    values += within({begin, each.tokens()}, own).size * each.token_values();
    begin += each.tokens();
  }
  return values;
}

// A rank's work for one branch that is computed in `formats`.
StepWork branch_work(const ModelSizes& sizes, LayerFormats formats, const MediaShape& shape, std::int64_t tokens,
                     std::int64_t text_tokens) {
  const int tp = sizes.layout.grid.tp;
  LayerWork layer = layer_work(sizes.transformer, tokens, text_tokens, sizes.layout.grid);
  layer.parts = 1;  // the whole work of each phase, in whatever number of calls
  const auto layers = static_cast<double>(sizes.transformer.num_hidden_layers);
  const auto element = static_cast<double>(sizes.layout.element_bytes);
  StepWork work;
  add(work, layer_costs(layer, formats, {}, element), layers);
  add(work, branch_costs(layer, shape, {}, element), 1);
  // A layer has two all-reduces, in each of which a rank sends 2 (tp - 1) / tp times the bytes of the result.
  const double state = static_cast<double>(layer.tokens * layer.hidden) * element;
  work.sum_bytes = 2 * layers * state * 2 * (tp - 1) / tp;
  if (formats.products != sizes.layout.products)
    work.memory_bytes += std::max(layers - 2, 0.0) * multiplied_bytes(layer, element);
  work.exchange_bytes = element * (layers * static_cast<double>(layer.sent_for_heads() + layer.sent_for_tokens()) +
                                   static_cast<double>((layer.sp - 1) * projected_values(shape, {0, layer.tokens})));
  return work;
}

void add(StepWork& sum, const StepWork& more) {
  sum.attention_flops += more.attention_flops;
  sum.product_flops += more.product_flops;
  sum.other_flops += more.other_flops;
  sum.memory_bytes += more.memory_bytes;
  sum.sum_bytes += more.sum_bytes;
  sum.gather_bytes += more.gather_bytes;
  sum.exchange_bytes += more.exchange_bytes;
}

// The lengths of the texts whose branches a rank computes; with cfg 2, the longer text's.
std::vector<std::int64_t> branch_texts(const ModelSizes& sizes, const Request& request, const PromptIds& ids) {
  const auto cond = static_cast<std::int64_t>(ids.cond.size());
  const auto uncond = static_cast<std::int64_t>(ids.uncond.size());
  if (!request.guided()) return {cond};
  if (sizes.layout.grid.cfg == 2) return {std::max(cond, uncond)};
  return {cond, uncond};
}

// The collectives that a rank calls in a step that computes all branches.
std::int64_t collective_calls(const ModelSizes& sizes, const Request& request, const MediaShape& shape) {
  const auto [cfg, tp, sp] = sizes.layout.grid;
  const bool both = sizes.layout.own_branches(request.branches()) == 2;
  const bool in_one_pass = both && sp == 1 && pays_in_one_pass(shape.tokens());
  const std::int64_t passes = both && !in_one_pass ? 2 : 1, layers = sizes.transformer.num_hidden_layers;
  const std::int64_t rows = Shard{0, sp}.share(shape.tokens()).size * (in_one_pass ? 2 : 1);
  std::int64_t calls = request.guided() && cfg == 2 ? 1 : 0;
  if (tp > 1) calls += passes * 2 * layers * std::ssize(row_ranges(rows, tp));
  if (sp > 1) calls += passes * (2 * layers + std::ssize(shape.streams));
  return calls;
}

// `passes` is the number of branches computed in each step. With two cfg groups, a step with one branch takes as long
// as one with both.
void add_steps(ClipWork& work, const std::vector<int>& passes, int branches, int groups,
               const FullPrecisionSteps& full_precision) {
  const std::int64_t steps = std::ssize(passes);
  for (std::int64_t step = 0; step < steps; ++step) {
    const int count = passes[static_cast<std::size_t>(step)];
    const bool one_of_two = count == 1 && branches == 2;
    const double share = count == 0 ? 0 : one_of_two && groups == 1 ? 0.5 : 1;
    work.full_steps += share;
    if (full_precision.at(step, steps) == Precision::Full) work.plain_steps += share;
    if (one_of_two && groups == 2) ++work.idle_steps;
  }
}

// The text tower's last layer computes only its keys and values.
double text_flops(const ModelSizes& sizes, std::int64_t tokens) {
  const LayerWork layer = layer_work(sizes.transformer, tokens, 0, {.tp = sizes.layout.grid.tp});
  return static_cast<double>(sizes.transformer.num_hidden_layers - 1) * layer.flops() +
         layer.product_flops(layer.products().front());
}

// Adds one decoding of the clip's video.
void add_video(ClipWork& work, const ModelSizes& sizes, const MediaShape& shape) {
  const std::vector<std::int64_t>& video = shape.extents(Stream::Video);
  const CellCount part = decoded_cells(sizes.vae_split, sizes.layout.grid.ranks(), video[2], video[3]);
  const std::int64_t frames = WanConfig::frames(video[1]);
  constexpr std::int64_t kCellPixels = WanConfig::kSpatialFactor * WanConfig::kSpatialFactor;
  work.decoded_pixels += static_cast<double>(frames * part.height * part.width * kCellPixels);
  work.decode_flops += static_cast<double>(video[1]) * decoder_flops(sizes.vae, part.height, part.width);
}

void add_media(ClipWork& work, const ModelSizes& sizes, const MediaShape& shape) {
  add_video(work, sizes, shape);
  const auto sound = shape.streams.find(Stream::Sound);
  if (sound == shape.streams.end() || !sizes.sound) return;
  work.sound_steps = sound->second.steps();
  work.sound_flops = sound_flops(*sizes.sound, work.sound_steps);
}

}  // namespace

PhaseKind kind_of(std::string_view phase) {
  const bool is_exchange = phase.ends_with("all-reduce") || phase.ends_with("all-gather") ||
                           phase.ends_with("all-to-all") || phase.ends_with(" sum");
  if (is_exchange) return PhaseKind::Exchange;
  if (phase == "attention") return PhaseKind::Attention;
  return phase.ends_with(" product") ? PhaseKind::Product : PhaseKind::Memory;
}

ClipWork clip_work(const ModelSizes& sizes, const Request& request, const PromptIds& ids, bool decodes,
                   const ScheduleRule& schedule, const FullPrecisionSteps& full_precision) {
  const MediaShape shape = media_shape(request, sizes.transformer);
  ClipWork work;
  work.tokens = shape.tokens();
  work.rows = Shard{0, sizes.layout.grid.sp}.share(work.tokens).size;
  work.steps = request.steps;
  add_steps(work, expected_passes(request, schedule), request.branches(), sizes.layout.grid.cfg, full_precision);
  for (const std::int64_t text : branch_texts(sizes, request, ids)) {
    add(work.step, branch_work(sizes, {sizes.layout.products, sizes.layout.attention}, shape, work.tokens, text));
    add(work.plain_step, branch_work(sizes, {}, shape, work.tokens, text));
    work.text_flops += text_flops(sizes, text);
    work.text_tokens = std::max(work.text_tokens, text);
  }
  work.latent_bytes = static_cast<double>(shape.values()) * sizeof(float);
  for (StepWork* step : {&work.step, &work.plain_step}) {
    add(*step, sampler_costs(shape, {}), 1);
    if (request.guided() && sizes.layout.grid.cfg == 2) step->gather_bytes = work.latent_bytes;
    step->calls = collective_calls(sizes, request, shape);
  }
  if (decodes) add_media(work, sizes, shape);
  // Adds the decoding of the clip that this one continues, assumed to be as long. A chunk usually reuses frames that
  // were decoded for its media.
  const bool is_decoded = decodes && is_chunk(request) && sizes.vae_split != VaeSplit::Tiles;
  if (request.encodes_parent && !is_decoded) add_video(work, sizes, shape);
  return work;
}

}  // namespace orrery
