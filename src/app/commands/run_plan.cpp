#include "app/commands/run_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "app/cli/version.h"
#include "app/manifest/few_steps.h"
#include "app/manifest/manifest.h"
#include "app/manifest/prompts.h"
#include "app/manifest/request_rules.h"
#include "base/core/error.h"
#include "base/core/json.h"
#include "base/core/numbers.h"
#include "pipeline/chunks.h"
#include "pipeline/clip_needs.h"

namespace orrery {
namespace {

std::string join_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

// The schedule; none when it depends on a checkpoint that has been refused.
std::optional<ScheduleRule> known_schedule(const Options& options, const CheckpointFiles* checkpoint) {
  if (options.model.schedule == ScheduleChoice::Auto && checkpoint == nullptr) return std::nullopt;
  return checkpoint == nullptr ? schedule_of(options.model.schedule, {})
                               : schedule_of(options.model.schedule, *checkpoint);
}

// Finds why a request cannot be scheduled, or "". Computes each schedule once.
class ScheduleCheck {
 public:
  explicit ScheduleCheck(std::optional<ScheduleRule> rule) : rule_(std::move(rule)) {}

  std::string operator()(const Request& r) {
    if (!rule_ || falls(r.steps, r.flow_shift)) return "";
    return fmt::format(
        "flow_shift: {} leaves no room between the noise levels of {}, which have to fall from below 1 to 0 in "
        "float32: use one that is {}",
        number_text(r.flow_shift), count_text(r.steps, "step"), r.flow_shift > 1 ? "smaller" : "larger");
  }

 private:
  bool falls(std::int64_t steps, double flow_shift) {
    const auto [place, is_new] = falls_.try_emplace({steps, flow_shift});
    if (is_new) place->second = schedule_falls(*rule_, steps, flow_shift);
    return place->second;
  }

  std::optional<ScheduleRule> rule_;
  std::map<std::pair<std::int64_t, double>, bool> falls_;  // by steps and flow_shift
};

// Why the checkpoint cannot make this clip's sound, or "".
std::string sound_problem(const Request& request, const CheckpointFiles* checkpoint) {
  if (checkpoint == nullptr || !request.sound || checkpoint->has_sound()) return "";
  return "sound: the checkpoint has no sound (sound_gen is false in transformer/config.json, or sound_tokenizer/ is "
         "missing)";
}

// Why `sp` ranks cannot split this clip's tokens, or "".
std::string share_problem(const Request& request, const CheckpointFiles* checkpoint, int sp) {
  if (checkpoint == nullptr || sp == 1) return "";
  std::int64_t tokens = std::numeric_limits<std::int64_t>::max();
  for (const Request& part : parts_of(request)) {
    tokens = std::min(tokens, media_shape(part, checkpoint->transformer_config).tokens());
  }
  if (tokens >= sp) return "";
  return fmt::format("the clip has {}, too few to split over --sp {} ranks: use a smaller --sp or make a larger clip",
                     count_text(tokens, "token"), sp);
}

// Why the checkpoint or the ranks cannot make this clip, or "".
std::string refusal_of(const Request& request, const CheckpointFiles* checkpoint, int sp,
                       ScheduleCheck& schedule_reason) {
  for (const std::string& problem : {sound_problem(request, checkpoint), share_problem(request, checkpoint, sp)}) {
    if (!problem.empty()) return problem;
  }
  return schedule_reason(request);
}

// The number of steps of a few-step checkpoint; 0 for others, or when it has been refused.
std::int64_t few_steps_of(const CheckpointFiles* checkpoint) {
  return checkpoint == nullptr ? 0 : std::ssize(checkpoint->fixed_levels);
}

// The checks that parse_manifest() makes in addition to the rules.
RequestCheck request_check(const Options& options, const CheckpointFiles* checkpoint, Unmakeable unmakeable) {
  const bool all = unmakeable == Unmakeable::IsRefused;
  std::optional<ScheduleRule> schedule = known_schedule(options, checkpoint);
  if (options.model.schedule == ScheduleChoice::Auto && !all) schedule.reset();
  const std::int64_t few_steps = few_steps_of(checkpoint);
  const bool reads_texts = checkpoint == nullptr || checkpoint->reads_texts();
  constexpr std::int64_t kAnyId = std::numeric_limits<std::int64_t>::max();
  const std::int64_t vocabulary = checkpoint == nullptr ? kAnyId : checkpoint->transformer_config.vocab_size;
  ScheduleCheck schedule_reason(std::move(schedule));
  MediaProblems media;
  const int sp = options.grid.sp;
  return [=](const Request& request) mutable {
    std::vector<std::string> reasons = all ? missing_inputs(request, media) : std::vector<std::string>();
    const auto add_if_any = [&](std::string reason) {
      if (!reason.empty()) reasons.push_back(std::move(reason));
    };
    if (all) {
      add_if_any(sound_problem(request, checkpoint));
      add_if_any(share_problem(request, checkpoint, sp));
    }
    add_if_any(schedule_reason(request));
    const auto add = [&](std::vector<std::string> problems) {
      std::move(problems.begin(), problems.end(), std::back_inserter(reasons));
    };
    if (few_steps > 0) add(few_step_problems(request, few_steps));
    if (!reads_texts) add(unreadable_texts(request));
    add(unknown_token_ids(request, vocabulary));
    return reasons;
  };
}

ClipJob make_job(Request request, ResolvedPrompt prompt, std::string refusal) {
  ClipJob job;
  job.refusal = std::move(refusal);
  job.ids = {std::move(prompt.ids), std::move(prompt.negative_ids)};
  job.request = std::move(request);
  return job;
}

// The chunks of a long clip, each with a caption that names the chunk's length; none for other clips.
std::vector<ClipJob> chunk_jobs(const Request& request, PromptReader& read_prompt) {
  std::vector<ClipJob> chunks;
  if (!request.is_long()) return chunks;
  for (Request& part : parts_of(request)) {
    ResolvedPrompt prompt = read_prompt(part);
    chunks.push_back(make_job(std::move(part), std::move(prompt), ""));
  }
  return chunks;
}

}  // namespace

std::vector<ClipJob> plan_jobs(const Options& options, const CheckpointFiles* checkpoint, Unmakeable unmakeable) {
  std::deque<Request> requests = parse_manifest(read_manifest(options.manifest), options.manifest, options.defaults,
                                                request_check(options, checkpoint, unmakeable));
  if (const std::int64_t steps = few_steps_of(checkpoint); steps > 0) {
    for (Request& request : requests) take_few_steps(request, steps);
  }
  // A missing folder has no tokenizer either, and has already been reported.
  if (checkpoint == nullptr && !std::filesystem::is_directory(options.model.checkpoint)) return {};
  PromptReader read_prompt(tokenizer_of(options.model.checkpoint),
                           default_negative_prompt(options.negative_prompt_file));
  ScheduleCheck schedule_reason(known_schedule(options, checkpoint));
  const RepeatedPrompts repeated(requests);
  std::vector<ClipJob> jobs;
  std::vector<std::string> problems;
  jobs.reserve(requests.size());
  for (; !requests.empty(); requests.pop_front()) {
    Request& request = requests.front();
    std::vector<ClipJob> chunks = chunk_jobs(request, read_prompt);
    ResolvedPrompt prompt = read_prompt(parts_of(request).front(), repeated.has(request));
    const std::string problem =
        checkpoint == nullptr ? "" : vocabulary_problem(prompt, checkpoint->transformer_config.vocab_size);
    if (!problem.empty()) problems.push_back("id \"" + request.id + "\": " + problem);
    std::string refusal = refusal_of(request, checkpoint, options.grid.sp, schedule_reason);
    jobs.push_back(make_job(std::move(request), std::move(prompt), std::move(refusal)));
    jobs.back().chunks = std::move(chunks);
  }
  require_input(problems.empty(), join_lines(problems));
  return jobs;
}

RunShape run_shape_of(const Options& options) {
  return {options.model, options.grid, options.output.vae_split, options.output.media.wanted()};
}

std::vector<ClipJob> jobs_of(ManifestShard shard, std::vector<ClipJob> jobs) {
  if (shard.is_whole()) return jobs;
  std::vector<Request> requests;
  for (const ClipJob& job : jobs) requests.push_back(job.request);
  const std::vector<std::int64_t> shards = shards_of(requests, shard.count);
  std::vector<ClipJob> mine;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (shards[i] == shard.index) mine.push_back(std::move(jobs[i]));
  }
  return mine;
}

RunPlan skip_complete(std::vector<ClipJob> jobs, const Options& options, const CheckpointFiles& checkpoint) {
  ClipFiles files(jobs, recipe_of(options.model, checkpoint), options.output, checkpoint, software_name());
  RunPlan plan;
  auto left = jobs.begin();
  for (auto job = jobs.begin(); job != jobs.end(); ++job) {
    if (files.look_for(*job)) {
      plan.complete.push_back(job->request.id);
      continue;
    }
    if (job != left) *left = std::move(*job);
    ++left;
  }
  jobs.erase(left, jobs.end());
  plan.jobs = std::move(jobs);
  require_input(files.conflicts().empty(), join_lines(files.conflicts()));
  plan.warnings = files.warnings();
  plan.kept_children = files.kept_children();
  return plan;
}

}  // namespace orrery
