#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <utility>

#include "app/bench/parts.h"
#include "models/kernels/float8_heads.h"
#include "models/kernels/scaled_rows.h"

// Measures the error relative to float64, and the time, of a layer's products in several 8-bit formats.
namespace orrery {
namespace {

constexpr std::int64_t kBlock = 128;
constexpr double kLargestInt8 = 127;
constexpr double kFormatSeconds = 0.5;  // budget of each measurement

// A matrix in 8 bits: element (i, j) is data(i, j) · scale(block of i, block of j).
struct Rounded {
  at::Tensor data;
  at::Tensor scale;  // (row blocks, column blocks) float32
  at::Tensor plain;  // the rounded matrix in float32
};

enum class EightBits { Float8, Int8 };

// Rounds x to 8 bits with a factor for each block of `rows` × `columns` values; these must divide x's shape.
Rounded round_blocks(const at::Tensor& x, std::int64_t rows, std::int64_t columns, EightBits kind) {
  const bool float8 = kind == EightBits::Float8;
  const double largest = float8 ? kLargestFloat8 : kLargestInt8;
  const at::Tensor blocks = x.to(at::kFloat).view({x.size(0) / rows, rows, x.size(1) / columns, columns});
  const at::Tensor scale = (blocks.abs().amax({1, 3}, /*keepdim=*/true) / largest).clamp_min(1e-30);
  const at::Tensor steps = (blocks / scale).clamp(-largest, largest);
  const at::Tensor data = float8 ? steps.to(at::kFloat8_e4m3fn) : steps.round().to(at::kChar);
  return {data.view(x.sizes()), scale.view({scale.size(0), scale.size(2)}),
          (data.to(at::kFloat) * scale).view(x.sizes())};
}

// Rotates the rows in blocks of the largest power of two that divides their length. The product with a weight that is
// rotated likewise does not change.
at::Tensor rotated_rows(const at::Tensor& x) {
  const std::int64_t block = x.size(1) & -x.size(1);
  return rotated_heads(x.reshape({-1, block})).view(x.sizes());
}

struct ProductPair {
  at::Tensor x;       // (tokens, in)
  at::Tensor weight;  // (out, in)
};

// A product of rounded operands: multiply() is timed; finish() applies the factors that its kernel leaves out.
struct PreparedProduct {
  std::function<at::Tensor()> multiply;
  std::function<at::Tensor(const at::Tensor&)> finish = [](const at::Tensor& y) { return y; };
};

// A number format of the operands.
struct ProductFormat {
  const char* name;
  PreparedProduct (*prepare)(const ProductPair& o);
  bool emulated = false;  // no kernel for this format exists: the time is meaningless
};

PreparedProduct plainly(at::Tensor x, at::Tensor weight) {
  return {[x = std::move(x), weight = std::move(weight)] { return at::mm(x, weight.t()); }};
}

// Both operands rounded in blocks: multiplied by LibTorch's kernel on a GPU, in float32 on a CPU.
PreparedProduct scaled(const Rounded& x, const Rounded& weight, const at::Tensor& x_scale,
                       const at::Tensor& weight_scale, bool fast) {
  if (x.data.is_cpu()) return plainly(x.plain, weight.plain);
  return {[=, x = x.data, w = weight.data] {
    return at::_scaled_mm(x, w.t(), x_scale, weight_scale, {}, {}, at::kBFloat16, fast);
  }};
}

PreparedProduct by_rows(const at::Tensor& x, const at::Tensor& weight, bool fast) {
  const Rounded a = round_blocks(x, 1, x.size(1), EightBits::Float8);
  const Rounded b = round_blocks(weight, 1, weight.size(1), EightBits::Float8);
  return scaled(a, b, a.scale.contiguous(), b.scale.t().contiguous(), fast);
}

PreparedProduct by_tensor(const ProductPair& o) {
  const Rounded a = round_blocks(o.x, o.x.size(0), o.x.size(1), EightBits::Float8);
  const Rounded b = round_blocks(o.weight, o.weight.size(0), o.weight.size(1), EightBits::Float8);
  return scaled(a, b, a.scale.squeeze(), b.scale.squeeze(), true);
}

// cuBLASLt expects the factors of x column-major, and each row of the weight's factors padded to a multiple of 4.
PreparedProduct by_blocks(const ProductPair& o) {
  const Rounded a = round_blocks(o.x, 1, kBlock, EightBits::Float8);
  const Rounded b = round_blocks(o.weight, kBlock, kBlock, EightBits::Float8);
  const at::Tensor x_scale = a.scale.t().contiguous().t();
  const std::int64_t padded = (b.scale.size(1) + 3) / 4 * 4;
  at::Tensor weight_scale = at::zeros({b.scale.size(0), padded}, b.scale.options());
  weight_scale.narrow(1, 0, b.scale.size(1)).copy_(b.scale);
  return scaled(a, b, x_scale, weight_scale.narrow(1, 0, b.scale.size(1)).t(), false);
}

// Exact int32 sums; finish() applies a factor for each row and channel, as the next kernel of a layer would.
PreparedProduct by_int8(const at::Tensor& x, const at::Tensor& weight) {
  const Rounded a = round_blocks(x, 1, x.size(1), EightBits::Int8);
  const Rounded b = round_blocks(weight, 1, weight.size(1), EightBits::Int8);
  if (x.is_cpu()) return plainly(a.plain, b.plain);
  return {[x = a.data, w = b.data] { return at::_int_mm(x, w.t()); },
          [rows = a.scale, channels = b.scale.t()](const at::Tensor& y) { return y.to(at::kFloat) * rows * channels; }};
}

at::Tensor rounded_rows(const at::Tensor& x) {
  return round_blocks(x, 1, x.size(1), EightBits::Float8).plain.to(x.scalar_type());
}

// Rounds x stochastically to float8: up or down, with probabilities that keep the expected value.
at::Tensor rounded_at_random(const at::Tensor& x) {
  constexpr double kLeastNormal = 0x1p-6;
  constexpr double kPrecision = 3;  // mantissa bits
  const at::Tensor scale = round_blocks(x, 1, x.size(1), EightBits::Float8).scale;
  const at::Tensor steps = x.to(at::kFloat) / scale;
  const at::Tensor spacing = at::exp2(steps.abs().clamp_min(kLeastNormal).log2().floor() - kPrecision);
  const at::Tensor below = (steps / spacing).floor() * spacing;
  const at::Tensor rises = at::rand_like(steps) * spacing < steps - below;
  return ((below + rises * spacing).clamp(-kLargestFloat8, kLargestFloat8) * scale).to(x.scalar_type());
}

constexpr std::array kProductFormats{
    ProductFormat{"as with --gemm bf16", [](const ProductPair& o) { return plainly(o.x, o.weight); }},
    ProductFormat{"only activations in fp8", [](const ProductPair& o) { return plainly(rounded_rows(o.x), o.weight); },
                  true},
    ProductFormat{"only weights in fp8", [](const ProductPair& o) { return plainly(o.x, rounded_rows(o.weight)); },
                  true},
    ProductFormat{"both in fp8, activations rounded stochastically",
                  [](const ProductPair& o) { return plainly(rounded_at_random(o.x), rounded_rows(o.weight)); }, true},
    ProductFormat{"fp8, a factor per tensor", by_tensor},
    ProductFormat{"fp8, a factor per row", [](const ProductPair& o) { return by_rows(o.x, o.weight, true); }},
    ProductFormat{"fp8, a factor per row, accumulated in float32",
                  [](const ProductPair& o) { return by_rows(o.x, o.weight, false); }},
    ProductFormat{"fp8, a factor per block of 128", by_blocks},
    ProductFormat{"fp8, a factor per row, rotated",
                  [](const ProductPair& o) { return by_rows(rotated_rows(o.x), rotated_rows(o.weight), true); }},
    ProductFormat{"int8, a factor per row", [](const ProductPair& o) { return by_int8(o.x, o.weight); }},
    ProductFormat{"int8, a factor per row, rotated",
                  [](const ProductPair& o) { return by_int8(rotated_rows(o.x), rotated_rows(o.weight)); }}};

// Random inputs of a product: normal, as after a norm or attention, or silu(gate) · up, which has long tails.
at::Tensor input_of(const LayerProduct& product, std::int64_t tokens, const at::TensorOptions& options) {
  if (product.name != "down product") return at::randn({tokens, product.in}, options);
  return at::silu(at::randn({tokens, product.in}, options)).mul_(at::randn({tokens, product.in}, options));
}

class FormatMeasurement {
 public:
  FormatMeasurement(const LayerWork& work, const BenchContext& context)
      : work_(work),
        context_(context),
        options_(at::TensorOptions().device(context.ranks.device).dtype(context.ranks.dtype)),
        compared_(std::min(work.tokens, context.ranks.device.is_cpu() ? kBlock : 4 * kBlock)) {}

  void operator()() {
    for (const LayerProduct& product : work_.products()) measure(product);
  }

 private:
  void measure(const LayerProduct& product) {
    const ProductPair all{input_of(product, work_.tokens, options_),
                          at::randn({product.out, product.in}, options_).mul_(0.02)};
    const ProductPair few{all.x.narrow(0, 0, compared_), all.weight};
    const at::Tensor exact = at::mm(few.x.to(at::kDouble), few.weight.to(at::kDouble).t());
    for (const ProductFormat& format : kProductFormats) {
      Record record;
      record.what = "formats";
      record.name = fmt::format("{}: {}", product.name, format.name);
      record.shape = fmt::format("{} x {} -> {}", work_.tokens, product.in, product.out);
      record.flops = work_.product_flops(product);
      if (format.emulated || options_.device().is_cpu()) record.more["emulated"] = true;
      try {
        const PreparedProduct compared = format.prepare(few);
        record.more["error"] = rounded(relative_error(compared.finish(compared.multiply()), exact));
        const PreparedProduct whole = format.prepare(all);
        record.ms = context_.timer.measure([&] { whole.multiply(); }, kFormatSeconds);
      } catch (const c10::Error& e) {  // this LibTorch or GPU does not support the format
        record.more["refused"] = std::string(e.what_without_backtrace());
      }
      context_.report.add(record);
    }
  }

  static double relative_error(const at::Tensor& found, const at::Tensor& exact) {
    return ((found.to(at::kDouble) - exact).norm() / exact.norm()).item<double>();
  }

  const LayerWork& work_;
  const BenchContext& context_;
  at::TensorOptions options_;
  std::int64_t compared_;  // number of tokens whose results are compared with float64
};

}  // namespace

void bench_formats(const LayerWork& work, const BenchContext& context) { FormatMeasurement(work, context)(); }

}  // namespace orrery
