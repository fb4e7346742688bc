#include "app/run_plan.h"

#include <cstddef>
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

Json job_json(const ClipJob& job) {
  return {{"request", job.request_json},      {"semantics", job.request.semantics},
          {"parent", job.request.parent},     {"cond", job.ids.cond},
          {"uncond", job.ids.uncond},         {"refusal", job.refusal},
          {"latents_done", job.latents_done}, {"resumes", job.resumes},
          {"recipe", job.parent_recipe}};
}

ClipJob job_from_json(const Json& json) {
  ClipJob job;
  job.request_json = json.at("request").get<std::string>();
  job.request = parse_request(job.request_json, {json.at("parent").get<std::string>()});
  job.request.semantics = json.at("semantics").get<Semantics>();
  job.ids = {json.at("cond").get<std::vector<std::int64_t>>(), json.at("uncond").get<std::vector<std::int64_t>>()};
  job.refusal = json.at("refusal").get<std::string>();
  job.latents_done = json.at("latents_done").get<bool>();
  job.resumes = json.at("resumes").get<bool>();
  job.parent_recipe = json.at("recipe").get<std::string>();
  return job;
}

}  // namespace

std::vector<ClipJob> plan_jobs(const Options& options, const CheckpointFiles& checkpoint) {
  const std::vector<Request> requests =
      parse_manifest(read_manifest(options.manifest), options.manifest, options.defaults);
  std::vector<ResolvedPrompt> prompts =
      resolve_prompts(requests, tokenizer_of(checkpoint.folder), default_negative_prompt(options.negative_prompt_file));
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
  ClipFiles files(jobs, options, checkpoint);
  RunPlan plan;
  for (ClipJob& job : jobs) {
    if (files.look_for(job)) {
      plan.complete.push_back(job.request.id);
    } else {
      plan.jobs.push_back(std::move(job));
    }
  }
  require_input(files.conflicts().empty(), join_lines(files.conflicts()));
  plan.warnings = files.warnings();
  plan.kept_children = files.kept_children();
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
  const Json json = parse_json(text);
  RunPlan plan;
  plan.complete = json.at("complete").get<std::vector<std::string>>();
  for (const Json& job : json.at("jobs")) plan.jobs.push_back(job_from_json(job));
  return plan;
}

}  // namespace orrery
