#include <fmt/format.h>

#include <cmath>

#include "models/zoo/random_layout.h"
#include "models/zoo/random_tensor_list.h"

namespace orrery {
namespace {

constexpr std::int64_t kKernel = 7;
constexpr double kResidualLength = 0.25;  // 15 residual units follow one another
constexpr double kWaveLength = 0.1;       // few samples are clamped at 1

// Logarithms of a rate and a gain.
void add_snake(RandomTensorList& list, const std::string& at, std::int64_t channels) {
  constexpr double kSpread = 0.1;
  list.vector(at + ".alpha", {1, channels, 1}, kSpread);
  list.vector(at + ".beta", {1, channels, 1}, kSpread);
}

void add_unit(RandomTensorList& list, const std::string& at, std::int64_t channels) {
  add_snake(list, at + ".snake1", channels);
  list.directed(at + ".conv1", {channels, channels, kKernel}, 1);
  list.bias(at + ".conv1", channels);
  add_snake(list, at + ".snake2", channels);
  list.directed(at + ".conv2", {channels, channels, 1}, kResidualLength);
  list.bias(at + ".conv2", channels);
}

void add_block(RandomTensorList& list, const std::string& at, std::int64_t in, std::int64_t out, std::int64_t stride) {
  // An input channel's direction is spread over 2 · stride samples of every output, each of which sees two of them.
  const double length = std::sqrt(static_cast<double>(out * stride) / static_cast<double>(in));
  add_snake(list, at + ".snake1", in);
  list.directed(at + ".conv_t1", {in, out, 2 * stride}, length);
  list.bias(at + ".conv_t1", out);
  for (const char* unit : {".res_unit1", ".res_unit2", ".res_unit3"}) add_unit(list, at + unit, out);
}

}  // namespace

RandomTensors random_sound(const SoundConfig& c) {
  RandomTensorList list;
  std::int64_t in = c.dec_dim * c.dec_c_mults.back();
  list.directed("decoder.conv1", {in, c.vocoder_input_dim, kKernel}, 1);
  list.bias("decoder.conv1", in);
  const std::size_t count = c.dec_strides.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t level = count - 1 - i;
    const std::int64_t out = level > 0 ? c.dec_dim * c.dec_c_mults[level - 1] : c.dec_dim;
    add_block(list, fmt::format("decoder.block.{}", i), in, out, c.dec_strides[level]);
    in = out;
  }
  add_snake(list, "decoder.snake1", in);
  list.directed("decoder.conv2", {SoundConfig::kChannels, in, kKernel}, kWaveLength);
  return list.take();
}

}  // namespace orrery
