#include <cstddef>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <type_traits>
#include <utility>

#include "app/commands/run_plan.h"
#include "base/core/error.h"

namespace orrery {
namespace {

template <class T>
concept Number = std::is_arithmetic_v<T> || std::is_enum_v<T>;

// Appends values to a message in the format that PlanReader reads. Numbers are sent as raw memory, since all ranks run
// the same program on the same kind of machine.
class PlanWriter {
 public:
  template <class... Values>
  void operator()(const Values&... values) {
    (add(values), ...);
  }
  std::string take() { return std::move(bytes_); }

 private:
  template <Number T>
  void add(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void add(const std::string& text) {
    add(text.size());
    bytes_ += text;
  }
  void add(const std::filesystem::path& path) { add(path.string()); }
  void add(const GuidanceInterval& interval) {
    const auto& [low, high] = interval;
    (*this)(low, high);
  }
  void add(const StepCacheSettings& settings) {
    const auto& [threshold, skips, order] = settings;
    (*this)(threshold, skips, order);
  }
  template <class T>
  void add(const std::optional<T>& value) {
    add(value.has_value());
    if (value) add(*value);
  }
  template <class T>
  void add(const std::vector<T>& values) {
    add(values.size());
    for (const T& value : values) add(value);
  }
  // Appends the index of the text and, if it is new, its ids.
  void add(const TokenIds& text) {
    const auto [place, is_new] = texts_.emplace(text, texts_.size());
    add(place->second);
    if (is_new) add(text.values());
  }

  std::string bytes_;
  std::map<TokenIds, std::size_t> texts_;
};

// Reads what PlanWriter wrote, value by value.
class PlanReader {
 public:
  explicit PlanReader(std::string_view bytes) : rest_(bytes) {}

  template <class... Values>
  void operator()(Values&... values) {
    (read(values), ...);
  }
  bool at_end() const { return rest_.empty(); }
  // Whether the rest of the message is long enough for `count` values.
  bool may_hold(std::size_t count) const { return count <= rest_.size(); }

 private:
  std::string_view next(std::size_t size) {
    require(size <= rest_.size(), "the plan that rank 0 sent ends too early");
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  std::size_t size() {
    std::size_t size = 0;
    read(size);
    return size;
  }
  template <Number T>
  void read(T& value) {
    std::memcpy(&value, next(sizeof value).data(), sizeof value);
  }
  void read(std::string& text) { text = next(size()); }
  void read(std::filesystem::path& path) { path = std::string(next(size())); }
  void read(GuidanceInterval& interval) {
    auto& [low, high] = interval;
    (*this)(low, high);
  }
  void read(StepCacheSettings& settings) {
    auto& [threshold, skips, order] = settings;
    (*this)(threshold, skips, order);
  }
  template <class T>
  void read(std::optional<T>& value) {
    bool has_value = false;
    read(has_value);
    value.reset();
    if (has_value) read(value.emplace());
  }
  template <class T>
  void read(std::vector<T>& values) {
    const std::size_t count = size();
    require(count <= rest_.size(), "the plan that rank 0 sent ends too early");
    values.resize(count);
    for (T& value : values) read(value);
  }
  void read(TokenIds& text) {
    const std::size_t number = size();
    require(number <= texts_.size(), "the plan that rank 0 sent has a text without its ids");
    if (number == texts_.size()) {
      TokenIds::Values ids;
      read(ids);
      texts_.emplace_back(std::move(ids));
    }
    text = texts_[number];
  }

  std::string_view rest_;
  std::vector<TokenIds> texts_;
};

// Each function visits a value's members in a fixed order, to write or read them.
void visit_jobs(PlanWriter& writer, const std::vector<ClipJob>& jobs);
void visit_jobs(PlanReader& reader, std::vector<ClipJob>& jobs);

template <class Archive, class AnyJob>
void visit_job(Archive& archive, AnyJob& job) {
  auto& [request, ids, request_json, parent_recipe, refusal, latents_done, resumes, chunks] = job;
  visit_members(request, archive);
  archive(ids.cond, ids.uncond, parent_recipe, refusal, latents_done, resumes);
  visit_jobs(archive, chunks);
}

void visit_jobs(PlanWriter& writer, const std::vector<ClipJob>& jobs) {
  writer(jobs.size());
  for (const ClipJob& job : jobs) visit_job(writer, job);
}

void visit_jobs(PlanReader& reader, std::vector<ClipJob>& jobs) {
  std::size_t count = 0;
  reader(count);
  require(reader.may_hold(count), "the plan that rank 0 sent ends too early");
  jobs.resize(count);
  for (ClipJob& job : jobs) visit_job(reader, job);
}

}  // namespace

std::string encode_plan(const RunPlan& plan) {
  PlanWriter writer;
  writer(plan.complete);
  visit_jobs(writer, plan.jobs);
  return writer.take();
}

RunPlan decode_plan(std::string_view bytes) {
  PlanReader reader(bytes);
  RunPlan plan;
  reader(plan.complete);
  visit_jobs(reader, plan.jobs);
  require(reader.at_end(), "the plan that rank 0 sent has more than its jobs");
  return plan;
}

}  // namespace orrery
