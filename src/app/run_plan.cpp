#include "app/run_plan.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "app/manifest.h"
#include "app/prompts.h"
#include "core/error.h"
#include "core/file.h"

namespace orrery {
namespace {

std::string join_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

// Why the checkpoint cannot make this clip, or "".
std::string refusal_of(const Request& request, const CheckpointFiles& checkpoint) {
  if (!request.sound || checkpoint.has_sound()) return "";
  return "sound: the checkpoint has none (sound_gen is false in transformer/config.json, or sound_tokenizer/ is "
         "missing)";
}

ClipJob make_job(const Request& request, ResolvedPrompt prompt, const CheckpointFiles& checkpoint) {
  ClipJob job;
  job.refusal = refusal_of(request, checkpoint);
  job.request = request;
  job.ids = {std::move(prompt.ids), std::move(prompt.negative_ids)};
  job.request_json = manifest_line(request);
  return job;
}

// A checkpoint that only moved, or got another name, is the same.
bool same_weights(const std::string& model, const Json& wanted) {
  const Json found = Json::parse(model, nullptr, /*allow_exceptions=*/false);
  const auto same = [&](const char* key) { return found.contains(key) && found[key] == wanted[key]; };
  return found.is_object() && same("transformer_fingerprint") && same("vae_fingerprint");
}

// Why the finished file at `path` cannot stand for `job`, or "". The ids tell of another tokenizer or default negative
// prompt, the sigmas of another schedule.
std::string conflict(const std::filesystem::path& path, const LatentHeader& found, const ClipJob& job,
                     const Json& model, ScheduleKind schedule) {
  const Schedule wanted = make_schedule(schedule, job.request.steps, job.request.flow_shift);
  std::string other;
  if (!same_weights(found.model, model)) {
    other = "with another checkpoint";
  } else if (found.request != job.request_json) {
    other = "from another request with this id";
  } else if (found.cond_ids != job.ids.cond || found.uncond_ids != job.ids.uncond) {
    other = "from other texts (a changed tokenizer, semantics or default negative prompt)";
  } else if (found.sigmas != wanted.sigmas) {
    other = "with another --schedule";
  }
  if (other.empty()) return "";
  return path.string() + ": this finished clip was made " + other +
         ": choose another id or --out, or give --force to make it again";
}

// None, and a warning, when the file is damaged: its clip is made again.
std::optional<LatentHeader> readable_header(const std::filesystem::path& path, std::vector<std::string>& warnings) {
  try {
    return read_latent_header(path);
  } catch (const InputError& e) {
    warnings.push_back(std::string(e.what()) + ": the clip is made again");
    return std::nullopt;
  }
}

Json job_json(const ClipJob& job) {
  return {{"request", job.request_json}, {"parent", job.request.parent}, {"cond", job.ids.cond},
          {"uncond", job.ids.uncond},    {"refusal", job.refusal},       {"latents_done", job.latents_done}};
}

ClipJob job_from_json(const Json& json) {
  ClipJob job;
  job.request_json = json.at("request").get<std::string>();
  job.request = parse_request(job.request_json, {json.at("parent").get<std::string>()});
  job.ids = {json.at("cond").get<std::vector<std::int64_t>>(), json.at("uncond").get<std::vector<std::int64_t>>()};
  job.refusal = json.at("refusal").get<std::string>();
  job.latents_done = json.at("latents_done").get<bool>();
  return job;
}

}  // namespace

ScheduleKind schedule_of(const Options& options, const CheckpointFiles& checkpoint) {
  switch (options.schedule) {
    case ScheduleChoice::Native:
      return ScheduleKind::Native;
    case ScheduleChoice::DoubleShift:
      return ScheduleKind::DoubleShift;
    case ScheduleChoice::Karras:
      return ScheduleKind::Karras;
    default:
      return checkpoint.karras_by_default ? ScheduleKind::Karras : ScheduleKind::Native;
  }
}

std::vector<ClipJob> plan_jobs(const Options& options, const CheckpointFiles& checkpoint) {
  const std::vector<Request> requests = parse_manifest(read_file(options.manifest), options.manifest, options.defaults);
  std::vector<ResolvedPrompt> prompts =
      resolve_prompts(requests, tokenizer_of(checkpoint.folder), default_negative_prompt(options.negative_prompt_file),
                      options.semantics);
  require_in_vocabulary(requests, prompts, checkpoint.transformer_config.vocab_size);
  std::vector<ClipJob> jobs;
  for (std::size_t i = 0; i < requests.size(); ++i)
    jobs.push_back(make_job(requests[i], std::move(prompts[i]), checkpoint));
  return jobs;
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
  const RunFolder folder{options.out};
  const ScheduleKind schedule = schedule_of(options, checkpoint);
  const Json model = checkpoint.description();  // once: it reads a little of every tensor
  RunPlan plan;
  std::vector<std::string> conflicts;
  for (ClipJob& job : jobs) {
    const std::filesystem::path latents = folder.latents(job.request.id);
    if (!options.force && std::filesystem::exists(latents)) {
      const std::optional<LatentHeader> found = readable_header(latents, plan.warnings);
      job.latents_done = found && found->state == LatentFile::State::Complete;
      const std::string problem = job.latents_done ? conflict(latents, *found, job, model, schedule) : "";
      if (!problem.empty()) conflicts.push_back(problem);
    }
    const bool media_done =
        (options.media == Media::None || std::filesystem::is_regular_file(folder.media(job.request.id))) &&
        (!options.keep_frames || std::filesystem::exists(folder.frame(job.request.id, job.request.num_frames - 1)));
    if (job.latents_done && media_done) {
      plan.complete.push_back(job.request.id);
    } else {
      plan.jobs.push_back(std::move(job));
    }
  }
  require_input(conflicts.empty(), join_lines(conflicts));
  return plan;
}

std::string encode_plan(const RunPlan& plan) {
  Json json;
  json["complete"] = plan.complete;
  json["jobs"] = Json::array();
  for (const ClipJob& job : plan.jobs) json["jobs"].push_back(job_json(job));
  return json.dump();
}

RunPlan decode_plan(const std::string& text) {
  const Json json = Json::parse(text);
  RunPlan plan;
  plan.complete = json.at("complete").get<std::vector<std::string>>();
  for (const Json& job : json.at("jobs")) plan.jobs.push_back(job_from_json(job));
  return plan;
}

}  // namespace orrery
