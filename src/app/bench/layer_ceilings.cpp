#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "app/bench/parts.h"
#include "models/kernels/scaled_rows.h"
#include "models/nn/attention.h"

namespace orrery {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kUneven = 70;  // not a multiple of the attention kernels' tile sizes

class LayerMeasurement {
 public:
  LayerMeasurement(const LayerWork& work, const BenchRanks& ranks, const Timer& timer, RowFormat products,
                   Report* report)
      : work_(work),
        ranks_(ranks),
        timer_(timer),
        products_(products),
        report_(report),
        options_(at::TensorOptions().device(ranks.device).dtype(ranks.dtype)) {}

  LayerCeilings operator()() {
    LayerCeilings ceilings;
    ceilings.attention_ms = of_best([&](const NamedAttention& by) { return attention(by, work_); });
    if (report_ != nullptr && ranks_.device.is_cuda()) other_attention();
    for (std::size_t i = 0; i < ceilings.product_ms.size(); ++i) ceilings.product_ms[i] = product(work_.products()[i]);
    ceilings.in_turn_ms = of_best([&](const NamedAttention& by) { return in_turn(by); });
    if (ranks_.groups.tp->shard().size > 1) all_reduce();
    ceilings.copy_gbps = device_copy();
    if (ranks_.device.is_cuda()) host_copies();
    return ceilings;
  }

 private:
  double add(Record record, const std::function<void()>& run, double seconds = 1.5) {
    record.what = "ceilings";
    record.ms = timer_.measure(run, seconds);
    if (report_ != nullptr) report_->add(record);
    return record.ms.median;
  }

  // The minimum of measure(kernel) over the attention kernels.
  template <class Measure>
  double of_best(Measure measure) const {
    double best = std::numeric_limits<double>::max();
    for (const NamedAttention& by : ranks_.all_attention) best = std::min(best, measure(by));
    return best;
  }

  static Record attention_record(const NamedAttention& by, const LayerWork& work, const char* what = "") {
    Record record;
    const bool float8 = by.attention.format() == RowFormat::Float8;
    record.name = "attention by " + name_of(by.kernel) + (float8 ? " in 8 bits" : "") + what;
    record.shape = fmt::format("{} x {}, {}/{} heads of {}", work.queries, work.keys, work.attention_heads,
                               work.attention_kv_heads, work.head_dim);
    record.flops = work.attention_flops();
    record.more["kernel"] = name_of(by.kernel);
    return record;
  }

  struct AttentionOperands {
    at::Tensor q, k, v;
    std::optional<Float8Operands> rounded;  // for attention in 8 bits
  };

  // Tensors (tokens, heads, head_dim), the layout of the products' results and inputs.
  AttentionOperands operands(const LayerWork& work, RowFormat format) const {
    const at::Tensor k = at::randn({work.keys, work.attention_kv_heads, work.head_dim}, options_);
    AttentionOperands x{
        at::randn({work.queries, work.attention_heads, work.head_dim}, options_), k, at::randn_like(k), {}};
    if (format == RowFormat::Float8) x.rounded = rounded(x);
    return x;
  }

  static Float8Operands rounded(const AttentionOperands& x) {
    const at::TensorOptions floats = x.q.options().dtype(at::kFloat);
    const at::Tensor ones = at::ones({x.k.size(1)}, floats);
    const auto heads = [&](const at::Tensor& plain) { return Float8Heads{plain.to(at::kFloat8_e4m3fn), ones}; };
    return {heads(x.q), heads(x.k), heads(x.v), at::zeros({x.k.size(1), x.k.size(2)}, floats)};
  }

  void attend(const NamedAttention& by, const AttentionOperands& x) const {
    if (x.rounded) {
      by.attention(*x.rounded, ranks_.dtype);
    } else {
      by.attention(x.q, x.k, x.v, Mask::None);
    }
  }

  double attention(const NamedAttention& by, const LayerWork& work, const char* what = "", double seconds = 1.5) {
    const AttentionOperands x = operands(work, by.attention.format());
    return add(
        attention_record(by, work, what), [&] { attend(by, x); }, seconds);
  }

  // Measures attention with odd numbers of tokens and keys, as clips with sound and real prompts have; and with fewer
  // heads, as ranks of larger groups have.
  void other_attention() {
    constexpr double kSeconds = 0.6;
    LayerWork work = work_;
    for (bool whole = true; work.attention_kv_heads > 0;
         work.attention_heads /= 2, work.attention_kv_heads /= 2, whole = false) {
      LayerWork uneven = work;
      uneven.queries += kUneven;
      uneven.keys += kUneven;
      for (const NamedAttention& by : ranks_.all_attention) {
        if (!whole) attention(by, work, "", kSeconds);
        attention(by, uneven, ", uneven", kSeconds);
      }
    }
  }

  struct ProductOperands {
    at::Tensor y;
    ScaledRows x;
    ScaledRows weight;
  };

  ProductOperands operands(const LayerProduct& product) const {
    const auto random = [&](std::int64_t rows, double scale) {
      const at::Tensor plain = at::randn({rows, product.in}, options_).mul_(scale);
      return products_ == RowFormat::Plain ? ScaledRows{plain, {}} : float8_rows(plain);
    };
    return {at::empty({work_.tokens, product.out}, options_), random(work_.tokens, 1), random(product.out, 0.02)};
  }

  double product(const LayerProduct& product) {
    const at::Tensor x = at::randn({work_.tokens, product.in}, options_);
    const at::Tensor weight = at::randn({product.out, product.in}, options_).mul_(0.02);
    Record record;
    record.name = product.name;
    record.shape = fmt::format("{} x {} -> {}", work_.tokens, product.in, product.out);
    record.flops = work_.product_flops(product);
    const double by_default = add(record, [&] { at::linear(x, weight); });
    const bool plain = products_ == RowFormat::Plain;
    ProductOperands ours = operands(product);
    record.name += plain ? ", as the layer calls it" : " in 8 bits";
    const double as_called = add(record, [&] { orrery::product(ours.y, ours.x, ours.weight); });
    return plain ? std::min(by_default, as_called) : as_called;
  }

  // The time of a layer's attention and products one after another, long enough for the GPU to reach its power limit.
  double in_turn(const NamedAttention& by) {
    const AttentionOperands x = operands(work_, by.attention.format());
    std::vector<ProductOperands> products;
    for (const LayerProduct& product : work_.products()) products.push_back(operands(product));
    Record record = attention_record(by, work_, " and products in turn");
    for (const LayerProduct& product : work_.products()) record.flops += work_.product_flops(product);
    constexpr double kSeconds = 3;
    return add(
        record,
        [&] {
          attend(by, x);
          for (ProductOperands& each : products) orrery::product(each.y, each.x, each.weight);
        },
        kSeconds);
  }

  void all_reduce() {
    at::Tensor x = at::zeros({work_.tokens, work_.hidden}, options_);
    const double ranks = ranks_.groups.tp->shard().size;
    Record record;
    record.name = "all-reduce";
    record.shape = fmt::format("{} x {} over {}", work_.tokens, work_.hidden, ranks_.groups.tp->shard().size);
    record.bytes = static_cast<double>(x.nbytes()) * 2 * (ranks - 1) / ranks;
    add(record, [&] { ranks_.groups.tp->all_reduce_sum(x); });
  }

  double device_copy() {
    const std::int64_t bytes = (ranks_.device.is_cuda() ? 1024 : 64) * kMiB;
    const at::Tensor from = at::zeros({bytes}, options_.dtype(at::kByte));
    at::Tensor to = at::empty_like(from);
    Record record;
    record.name = "device copy";
    record.shape = fmt::format("{} MiB", bytes / kMiB);
    record.bytes = 2 * static_cast<double>(bytes);
    return record.bytes / add(record, [&] { to.copy_(from); }) / 1e6;
  }

  void host_copies() {
    constexpr std::int64_t kBytes = 256 * kMiB;
    at::Tensor host = at::empty({kBytes}, at::TensorOptions().dtype(at::kByte).pinned_memory(true));
    at::Tensor device = at::empty({kBytes}, options_.dtype(at::kByte));
    Record record;
    record.shape = fmt::format("{} MiB, pinned", kBytes / kMiB);
    record.bytes = static_cast<double>(kBytes);
    record.name = "host to device";
    add(record, [&] { device.copy_(host, /*non_blocking=*/true); });
    record.name = "device to host";
    add(record, [&] { host.copy_(device, /*non_blocking=*/true); });
  }

  const LayerWork& work_;
  const BenchRanks& ranks_;
  const Timer& timer_;
  RowFormat products_;
  Report* report_;
  at::TensorOptions options_;
};

}  // namespace

LayerCeilings measure_layer_ceilings(const LayerWork& work, const BenchRanks& ranks, const Timer& timer,
                                     RowFormat products, Report* report) {
  return LayerMeasurement(work, ranks, timer, products, report)();
}

}  // namespace orrery
