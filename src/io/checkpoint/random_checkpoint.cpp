#include "io/checkpoint/random_checkpoint.h"

#include <ATen/Parallel.h>
#include <c10/util/accumulate.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <utility>

#include "base/core/file_content.h"
#include "io/checkpoint/random_value.h"

namespace orrery {
namespace {

constexpr std::int64_t kGrain = 1 << 15;  // minimum number of elements for each thread

template <class T>
void fill_cpu(T* out, std::int64_t count, const RandomRule& rule, const PieceOrder& order) {
  at::parallel_for(0, count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    while (begin < end) {
      const std::int64_t size = std::min(order.run - begin % order.run, end - begin);
      const std::int64_t first = order.index(begin);
      for (std::int64_t i = 0; i < size; ++i) out[begin + i] = static_cast<T>(random_value(rule, first + i));
      begin += size;
    }
  });
}

template <class T>
void fill_as(at::Tensor& into, const RandomRule& rule, const PieceOrder& order) {
  T* const out = into.data_ptr<T>();
  if (into.is_cuda()) {
    fill_random_gpu(out, into.numel(), into.get_device(), rule, order);
  } else {
    fill_cpu(out, into.numel(), rule, order);
  }
}

std::string version_text() { return fmt::format("random-v{}-", RandomCheckpoint::kGeneratorVersion); }

// The first 16 hexadecimal digits of a checksum.
std::string short_checksum(const std::string& text) { return checksum(text.data(), text.size()).substr(0, 16); }

std::uint64_t key_of(const std::string& name) {
  constexpr int kHexadecimal = 16;
  return std::stoull(short_checksum(version_text() + name), nullptr, kHexadecimal);
}

float to_7_bits(double value) {
  constexpr int kBits = 7;
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  return static_cast<float>(std::ldexp(std::round(std::ldexp(fraction, kBits)), exponent - kBits));
}

PieceOrder order_of(at::IntArrayRef shape, const Slice& slice) {
  if (shape.empty()) return {};
  const auto dim = static_cast<std::size_t>(slice.dim);
  const std::int64_t inner = c10::multiply_integers(shape.slice(dim + 1));
  return {slice.range.begin * inner, slice.range.size * inner, shape[dim] * inner};
}

}  // namespace

void fill_random(at::Tensor into, const RandomRule& rule, const PieceOrder& order) {
  if (into.is_meta() || into.numel() == 0) return;
  if (into.is_contiguous() && into.scalar_type() == at::kFloat) {
    fill_as<float>(into, rule, order);
  } else if (into.is_contiguous() && into.scalar_type() == at::kBFloat16) {
    fill_as<at::BFloat16>(into, rule, order);
  } else {
    at::Tensor whole = at::empty(into.sizes(), into.options().dtype(at::kFloat));
    fill_as<float>(whole, rule, order);
    into.copy_(whole);
  }
}

RandomCheckpoint::RandomCheckpoint(std::string place, const RandomTensors& tensors) : place_(std::move(place)) {
  for (const auto& [name, tensor] : tensors) {
    entries_.emplace(name, Entry{{"F32", tensor.shape}, tensor.mean, tensor.spread});
  }
}

std::vector<std::string> RandomCheckpoint::names() const {
  std::vector<std::string> result;
  for (const auto& [name, entry] : entries_) result.push_back(name);
  return result;
}

const TensorInfo* RandomCheckpoint::find(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second.info;
}

void RandomCheckpoint::copy(const std::string& name, const Slice& slice, at::Tensor into) const {
  const Entry& entry = entries_.at(name);
  const RandomRule rule{key_of(name), static_cast<float>(entry.mean), to_7_bits(entry.spread / kRandomDeviation)};
  fill_random(std::move(into), rule, order_of(entry.info.shape, slice));
}

std::string RandomCheckpoint::where(const std::string&) const { return place_; }

std::string RandomCheckpoint::fingerprint() const {
  std::ostringstream text;
  text.precision(17);
  for (const auto& [name, entry] : entries_) {
    text << name << ' ' << at::IntArrayRef(entry.info.shape) << ' ' << entry.mean << ' ' << entry.spread << '\n';
  }
  return version_text() + short_checksum(text.str());
}

}  // namespace orrery
