#include "app/validate.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <vector>

#include "app/checkpoint_files.h"
#include "app/manifest.h"
#include "app/prompts.h"
#include "app/request_inputs.h"
#include "app/run_files.h"
#include "core/error.h"
#include "core/file.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

std::string range_text(std::int64_t low, std::int64_t high) {
  return low == high ? std::to_string(low) : std::to_string(low) + " to " + std::to_string(high);
}

template <class Value>
std::string range_of(const std::vector<Request>& requests, const Value& value) {
  const auto less = [&](const Request& a, const Request& b) { return value(a) < value(b); };
  const auto [low, high] = std::minmax_element(requests.begin(), requests.end(), less);
  return range_text(value(*low), value(*high));
}

class Validation {
 public:
  Validation(const Options& options, const CheckpointAudit& audit) : o_(options), audit_(audit) {}

  std::string run() {
    attempt([this] { check_checkpoint(); });
    attempt([this] { check_manifest(); });
    attempt([this] { check_texts(); });
    if (!o_.out.empty()) attempt([this] { check_out(); });
    if (!problems_.empty()) problems_.pop_back();
    require_input(problems_.empty(), problems_);
    return table_;
  }

 private:
  template <class Check>
  void attempt(const Check& check) {
    try {
      check();
    } catch (const InputError& e) {
      problems_.append(e.what()).append("\n");
    }
  }

  void row(const std::string& what, const std::string& found) {
    constexpr std::size_t kColumn = 12;
    table_ += what + std::string(kColumn - what.size(), ' ') + found + "\n";
  }

  void check_checkpoint() {
    checkpoint_ = audit_(o_.checkpoint, o_.grid);
    row("checkpoint", checkpoint_->description);
    for (const std::string& note : checkpoint_->notes) row("note", note);
    require_own_schedule(o_.schedule, checkpoint_->schedule_problem);
    row("ranks", "cfg " + std::to_string(o_.grid.cfg) + " x tp " + std::to_string(o_.grid.tp) + " = " +
                     std::to_string(o_.grid.cfg * o_.grid.tp));
  }

  void check_manifest() {
    const bool sound = !checkpoint_ || checkpoint_->sound;  // a bad checkpoint has been refused already
    requests_ = parse_manifest(read_manifest(o_.manifest), o_.manifest, o_.defaults,
                               [&](const Request& request) { return missing_inputs(request, sound); });
    row("manifest", o_.manifest.string() + ": " + std::to_string(requests_.size()) +
                        (requests_.size() == 1 ? " request" : " requests"));
    row("clips", "width " + range_of(requests_, [](const Request& r) { return r.width; }) + ", height " +
                     range_of(requests_, [](const Request& r) { return r.height; }) + ", frames " +
                     range_of(requests_, [](const Request& r) { return r.num_frames; }) + ", steps " +
                     range_of(requests_, [](const Request& r) { return r.steps; }));
  }

  // Needs the manifest; the vocabulary is known only when the checkpoint was good.
  void check_texts() {
    const std::string negative = default_negative_prompt(o_.negative_prompt_file);
    if (requests_.empty()) return;
    const std::vector<ResolvedPrompt> prompts = resolve_prompts(requests_, tokenizer_of(o_.checkpoint), negative);
    if (checkpoint_) require_in_vocabulary(requests_, prompts, checkpoint_->vocabulary);
    const auto by_length = [](const auto& a, const auto& b) { return a.ids.size() < b.ids.size(); };
    const auto [shortest, longest] = std::minmax_element(prompts.begin(), prompts.end(), by_length);
    row("texts",
        range_text(static_cast<std::int64_t>(shortest->ids.size()), static_cast<std::int64_t>(longest->ids.size())) +
            " tokens");
  }

  // Leaves no trace, unlike run, which makes the folder.
  void check_out() {
    fs::path existing = fs::absolute(o_.out);
    while (!is_there(existing) && existing.has_relative_path()) existing = existing.parent_path();
    require_input(is_folder(existing), "--out: " + existing.string() + " is not a folder");
    require_input(::access(existing.c_str(), W_OK | X_OK) == 0,
                  "--out: no file can be written in " + existing.string() + ": " + std::strerror(errno));
    const std::size_t done = done_ids(all_results(o_.out)).size();
    row("out", o_.out.string() + (done == 0 ? "" : ": " + std::to_string(done) + " requests done earlier"));
  }

  const Options& o_;
  const CheckpointAudit& audit_;
  std::vector<Request> requests_;
  std::optional<CheckpointSummary> checkpoint_;
  std::string table_;
  std::string problems_;
};

}  // namespace

std::string validate(const Options& options, const CheckpointAudit& audit) { return Validation(options, audit).run(); }

}  // namespace orrery
