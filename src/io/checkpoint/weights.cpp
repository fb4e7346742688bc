#include "io/checkpoint/weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/core/error.h"
#include "base/core/numbers.h"
#include "base/core/pulse.h"
#include "io/checkpoint/weight_source.h"

namespace orrery {

struct Weights::Shared {
  std::shared_ptr<WeightSource> source;
  Shard tp;
  at::Device device;
  at::ScalarType dtype;
  std::set<std::string> taken;
  std::vector<std::string> ignored;
  std::int64_t bytes = 0;

  std::string place(const std::string& name) const { return source->where(name) + ": tensor " + name + ": "; }
  void check(const std::string& name, at::IntArrayRef shape) const;
  Slice cut(const std::string& name, at::IntArrayRef shape, Split split) const;
  void read(const std::string& name, const Slice& slice, const at::Tensor& into);
  at::Tensor empty(at::IntArrayRef shape, at::ScalarType type);
};

namespace {

std::string text(at::IntArrayRef shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

}  // namespace

void Weights::Shared::check(const std::string& name, at::IntArrayRef shape) const {
  const TensorInfo* const info = source->find(name);
  require_input(info != nullptr,
                source->where(name) + ": tensor " + name + " is missing; expected shape " + text(shape));
  require_input(shape == at::IntArrayRef(info->shape), place(name) + "found shape " + text(info->shape) +
                                                           ", expected " + text(shape) +
                                                           " from the sizes in config.json");
}

Slice Weights::Shared::cut(const std::string& name, at::IntArrayRef shape, Split split) const {
  if (shape.empty()) return {0, {0, 1}};
  if (split == Split::None) return {0, {0, shape[0]}};
  const std::size_t dim = split == Split::Rows ? 0 : 1;
  require(dim < shape.size(), place(name) + "shape " + text(shape) + " has no columns to split");
  require_input(shape[dim] % tp.size == 0, fmt::format("{}its {}{} do not split over tp {} ranks", place(name),
                                                       shape[dim], dim == 0 ? " rows" : " columns", tp.size));
  return {static_cast<std::int64_t>(dim), tp.slice(shape[dim])};
}

void Weights::Shared::read(const std::string& name, const Slice& slice, const at::Tensor& into) {
  source->copy(name, slice, into);
  taken.insert(name);
  beat();
}

at::Tensor Weights::Shared::empty(at::IntArrayRef shape, at::ScalarType type) {
  at::Tensor made = at::empty(shape, at::TensorOptions(device).dtype(type));
  bytes += static_cast<std::int64_t>(made.nbytes());
  return made;
}

Weights::Weights(std::shared_ptr<WeightSource> source, Shard tp, at::Device device, at::ScalarType dtype)
    : shared_(std::make_shared<Shared>(Shared{std::move(source), tp, device, dtype, {}, {}, 0})) {
  if (device.is_cuda()) note_gpu_work();
}

Weights Weights::operator/(std::string_view scope) const {
  Weights inner = *this;
  inner.scope_ += std::string(scope) + ".";
  return inner;
}

Weights Weights::operator/(std::int64_t index) const { return *this / std::to_string(index); }

at::Tensor Weights::take(std::string_view name, at::IntArrayRef shape, Split split) const {
  return take_as(name, shape, split, shared_->dtype);
}

at::Tensor Weights::take_float32(std::string_view name, at::IntArrayRef shape) const {
  return take_as(name, shape, Split::None, at::kFloat);
}

at::Tensor Weights::take_as(std::string_view name, at::IntArrayRef shape, Split split, at::ScalarType dtype) const {
  const std::string full = scope_ + std::string(name);
  shared_->check(full, shape);
  const Slice slice = shared_->cut(full, shape, split);
  std::vector<std::int64_t> mine = shape.vec();
  if (!mine.empty()) mine[static_cast<std::size_t>(slice.dim)] = slice.range.size;
  at::Tensor result = shared_->empty(mine, dtype);
  shared_->read(full, slice, result);
  return result;
}

at::Tensor Weights::take_stacked(const std::vector<WeightPart>& parts, std::int64_t columns) const {
  return take_stacked_as(parts, columns, shared_->dtype);
}

std::optional<float> Weights::factor(const std::string& name) const { return shared_->source->factor(scope_ + name); }

float Weights::input_factor(const std::string& name) const {
  return shared_->source->input_factor(scope_ + name).value_or(0);
}

bool Weights::is_quantised() const { return shared_->source->is_quantised(); }

at::Tensor Weights::filled(std::int64_t rows, float value) const {
  return shared_->empty({rows}, at::kFloat).fill_(value);
}

std::optional<FactoredRows> Weights::take_float8(std::string_view name, at::IntArrayRef shape, Split split) const {
  const std::optional<float> own = factor(std::string(name));
  if (!own) return std::nullopt;
  const at::Tensor data = take_as(name, shape, split, at::kFloat8_e4m3fn);
  return FactoredRows{data, filled(data.size(0), *own), input_factor(std::string(name))};
}

std::optional<FactoredRows> Weights::take_stacked_float8(const std::vector<WeightPart>& parts,
                                                         std::int64_t columns) const {
  std::vector<float> own, inputs;
  for (const WeightPart& part : parts) {
    const std::optional<float> found = factor(part.name);
    if (!found) return std::nullopt;
    own.push_back(*found);
    inputs.push_back(input_factor(part.name));
  }
  const at::Tensor data = take_stacked_as(parts, columns, at::kFloat8_e4m3fn);
  std::vector<at::Tensor> factors;
  for (std::size_t i = 0; i < parts.size(); ++i) factors.push_back(filled(parts[i].rows / shared_->tp.size, own[i]));
  const auto [least, most] = std::minmax_element(inputs.begin(), inputs.end());
  return FactoredRows{data, at::cat(factors), *least > 0 ? *most : 0};
}

at::Tensor Weights::take_stacked_as(const std::vector<WeightPart>& parts, std::int64_t columns,
                                    at::ScalarType dtype) const {
  std::vector<std::pair<std::string, Slice>> slices;
  std::int64_t rows = 0;
  for (const WeightPart& part : parts) {
    const std::string full = scope_ + part.name;
    shared_->check(full, {part.rows, columns});
    slices.emplace_back(full, shared_->cut(full, {part.rows, columns}, Split::Rows));
    rows += slices.back().second.range.size;
  }
  at::Tensor result = shared_->empty({rows, columns}, dtype);
  std::int64_t begin = 0;
  for (const auto& [full, slice] : slices) {
    shared_->read(full, slice, result.narrow(0, begin, slice.range.size));
    begin += slice.range.size;
  }
  return result;
}

bool Weights::has(std::string_view name) const { return shared_->source->find(scope_ + std::string(name)) != nullptr; }

void Weights::ignore(std::string_view prefix) const { shared_->ignored.push_back(scope_ + std::string(prefix)); }

void Weights::require_all_read() const {
  constexpr std::size_t kNamed = 3;
  std::vector<std::string> unread;
  for (const std::string& name : shared_->source->names()) {
    const auto covers = [&](const std::string& prefix) { return name.starts_with(prefix); };
    const bool known =
        shared_->taken.contains(name) || std::any_of(shared_->ignored.begin(), shared_->ignored.end(), covers);
    if (!known) unread.push_back(name);
  }
  if (unread.empty()) return;
  std::string list;
  for (std::size_t i = 0; i < std::min(kNamed, unread.size()); ++i) list += (i == 0 ? "" : ", ") + unread[i];
  if (unread.size() > kNamed) list += ", …";
  throw InputError(
      fmt::format("{}: {} that this model does not have: {}: is it another model's checkpoint, or a newer one?",
                  shared_->source->where(unread.front()), count_text(std::ssize(unread), "tensor"), list));
}

std::int64_t Weights::bytes() const { return shared_->bytes; }
Shard Weights::tp() const { return shared_->tp; }
at::Device Weights::device() const { return shared_->device; }
at::ScalarType Weights::dtype() const { return shared_->dtype; }

}  // namespace orrery
