#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "app/bench/parts.h"
#include "base/core/numbers.h"
#include "base/core/pulse.h"
#include "base/device/device_memory.h"
#include "io/checkpoint/file_reads.h"
#include "io/checkpoint/weight_source.h"
#include "models/cosmos3/transformer.h"

namespace orrery {
namespace {

// Counts the bytes copied from another source: in the files' dtypes, or in the tensors' if the source has no files.
class CountingSource final : public WeightSource {
 public:
  explicit CountingSource(std::shared_ptr<WeightSource> source) : source_(std::move(source)) {}
  std::vector<std::string> names() const override { return source_->names(); }
  const TensorInfo* find(const std::string& name) const override { return source_->find(name); }
  void copy(const std::string& name, const Slice& slice, at::Tensor into) const override {
    const StoredType* const type = source_->files().empty() ? nullptr : find_stored_type(find(name)->dtype);
    const auto count = static_cast<double>(into.numel());
    bytes_ += count * (type == nullptr ? static_cast<double>(into.element_size()) : type->bits / 8.0);
    source_->copy(name, slice, std::move(into));
  }
  std::optional<float> factor(const std::string& name) const override { return source_->factor(name); }
  bool is_quantised() const override { return source_->is_quantised(); }
  std::optional<float> input_factor(const std::string& name) const override { return source_->input_factor(name); }
  bool has_input_factors() const override { return source_->has_input_factors(); }
  std::string where(const std::string& name) const override { return source_->where(name); }
  std::string fingerprint() const override { return source_->fingerprint(); }
  std::vector<std::filesystem::path> files() const override { return source_->files(); }
  double bytes() const { return bytes_; }

 private:
  std::shared_ptr<WeightSource> source_;
  mutable double bytes_ = 0;  // a const copy() is what the layers call
};

// Drops the files from the page cache if the settings ask for it, and records which state the measurement began with.
void prepare_cache(const BenchModel& model, const BenchContext& context, Record& record) {
  if (model.transformer->files().empty()) return;
  const bool drops = context.settings.drop_cache;
  record.more["cache"] = drops ? "dropped" : "as it was";
  if (!drops) return;
  for (const std::filesystem::path& path : model.transformer->files()) InputFile(path).drop_from_cache();
}

// The groups for a Tower's constructor. The text tower does not use sp.
template <class Tower>
auto groups_for(const BenchRanks& ranks) {
  if constexpr (std::is_same_v<Tower, GenTower>) {
    return TowerGroups(ranks.groups);
  } else {
    return std::ref(*ranks.groups.tp);
  }
}

// Loads a Tower and times it. `more` are further arguments of its constructor.
template <class Tower, class... More>
Tower load(const char* name, const BenchModel& model, const BenchContext& context, double plain_gbps, Report* report,
           const More&... more) {
  const BenchRanks& ranks = context.ranks;
  const auto source = std::make_shared<CountingSource>(model.transformer);
  std::optional<Tower> tower;
  Record record;
  record.what = "load";
  record.name = name;
  record.shape = model.name + ", a rank's share";
  prepare_cache(model, context, record);
  const double ms = context.timer.once([&] {
    tower.emplace(Weights(source, ranks.groups.tp->shard(), ranks.device, ranks.dtype), model.transformer_config,
                  groups_for<Tower>(ranks), more...);
  });
  record.ms = spread_of({ms});
  record.bytes = source->bytes();
  record.more["bytes"] = record.bytes;
  if (plain_gbps > 0) record.best_ms = record.bytes / plain_gbps / 1e6;
  if (report != nullptr) report->add(record);
  return *std::move(tower);
}

void read_whole(const InputFile& file, std::vector<std::byte>& buffer) {
  const auto step = static_cast<std::int64_t>(buffer.size());
  for (std::int64_t at = 0; at < file.size(); at += step) {
    file.read({at, std::min(step, file.size() - at)}, buffer.data(), "plain read");
    beat();
  }
}

}  // namespace

double bench_plain_read(const BenchModel& model, const BenchContext& context) {
  constexpr std::size_t kBlock = std::size_t{16} << 20;
  const std::vector<std::filesystem::path> paths = model.transformer->files();
  if (paths.empty()) return 0;
  const std::vector<InputFile> files(paths.begin(), paths.end());
  Record record;
  record.what = "load";
  record.name = "plain read";
  record.shape = fmt::format("{}, {}, 16 MiB at a time", model.name, count_text(std::ssize(files), "file"));
  for (const InputFile& file : files) record.bytes += static_cast<double>(file.size());
  record.more["bytes"] = record.bytes;
  prepare_cache(model, context, record);
  std::vector<std::byte> buffer(kBlock);
  record.ms = spread_of({context.timer.once([&] {
    if (!context.ranks.world.is_root()) return;
    for (const InputFile& file : files) read_whole(file, buffer);
  })});
  context.report.add(record);
  return record.gbps();
}

GenTower load_media_tower(const BenchModel& model, const BenchContext& context, double plain_gbps, Report* report) {
  return load<GenTower>("media tower", model, context, plain_gbps, report, context.settings.products,
                        context.ranks.attention.attention);
}

void bench_text_tower_load(const BenchModel& model, const BenchContext& context, double plain_gbps) {
  load<UndTower>("text tower", model, context, plain_gbps, &context.report, context.ranks.attention.attention,
                 context.settings.products);
  release_unused_memory(context.ranks.device);
}

}  // namespace orrery
