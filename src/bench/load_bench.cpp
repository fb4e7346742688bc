#include "bench/load_bench.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cosmos3/und_tower.h"
#include "parallel/device_memory.h"

namespace orrery {
namespace {

// Adds up what is copied out of another source.
class CountingSource final : public WeightSource {
 public:
  explicit CountingSource(std::shared_ptr<WeightSource> source) : source_(std::move(source)) {}
  std::vector<std::string> names() const override { return source_->names(); }
  const TensorInfo* find(const std::string& name) const override { return source_->find(name); }
  void copy(const std::string& name, const Slice& slice, at::Tensor into) const override {
    bytes_ += static_cast<double>(into.nbytes());
    source_->copy(name, slice, std::move(into));
  }
  std::string where(const std::string& name) const override { return source_->where(name); }
  std::string fingerprint() const override { return source_->fingerprint(); }
  double bytes() const { return bytes_; }

 private:
  std::shared_ptr<WeightSource> source_;
  mutable double bytes_ = 0;  // a const copy() is what the layers call
};

// Makes a Tower of the model's weights, timed.
template <class Tower>
Tower load(const char* name, const BenchModel& model, const BenchRanks& ranks, const Timer& timer, Report* report) {
  const auto source = std::make_shared<CountingSource>(model.transformer);
  std::optional<Tower> tower;
  const double ms = timer.once([&] {
    tower.emplace(Weights(source, ranks.tp.shard(), ranks.device, ranks.dtype), model.transformer_config, ranks.tp);
  });
  Record record;
  record.what = "load";
  record.name = name;
  record.shape = model.name + ", a rank's share";
  record.ms = spread_of({ms});
  record.bytes = source->bytes();
  if (report != nullptr) report->add(record);
  return *std::move(tower);
}

}  // namespace

GenTower load_media_tower(const BenchModel& model, const BenchRanks& ranks, const Timer& timer, Report* report) {
  return load<GenTower>("media tower", model, ranks, timer, report);
}

void bench_text_tower_load(const BenchModel& model, const BenchRanks& ranks, const Timer& timer, Report& report) {
  load<UndTower>("text tower", model, ranks, timer, &report);
  release_unused_memory(ranks.device);
}

}  // namespace orrery
