#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "app/cli/version.h"
#include "app/commands/attention_choice.h"
#include "app/commands/clip_loop.h"
#include "app/commands/commands.h"
#include "app/commands/run_checks.h"
#include "app/commands/run_context.h"
#include "app/commands/run_models.h"
#include "app/commands/run_plan.h"
#include "app/outputs/clip_records.h"
#include "app/outputs/gallery.h"
#include "app/outputs/operator_gates.h"
#include "app/outputs/run_files.h"
#include "app/outputs/run_space.h"
#include "base/core/numbers.h"
#include "base/core/pulse.h"
#include "base/parallel/collectives.h"
#include "models/zoo/checkpoint_files.h"
#include "models/zoo/model_options.h"
#include "pipeline/clip_media.h"
#include "pipeline/progress.h"

namespace orrery {
namespace {

double work_of(const RunPlan& plan) {
  double work = 0;
  for (const ClipJob& job : plan.jobs) work += work_of(job.request);
  return work;
}

// "1 clip to", "2 clips to"
std::string clips_to(std::size_t count) { return count_text(static_cast<std::int64_t>(count), "clip") + " to"; }

// Logs a stop with `left` clips to do and returns the exit code.
int leave_stopped(const StopFlag& stop, std::size_t left, const Log& log) {
  constexpr int kStopped = 75;
  log.info(
      fmt::format("stopped by {} with {} go: run the same command again to resume", stop.reason(), clips_to(left)));
  return kStopped;
}

// Returns rank 0's plan on every rank. Sets all of `hold` on rank 0. Collective.
RunPlan share_plan(RunContext& context, RootHold& hold) {
  const Options& options = context.options;
  RunPlan plan;
  const std::string message = context.world.from_root([&] {
    if (!options.log_file.empty()) context.log.keep_in(options.log_file);
    plan = prepare_run(options, context.log, hold);
    return context.world.shard().size == 1 ? std::string() : encode_plan(plan);
  });
  if (!context.world.is_root()) plan = decode_plan(message);
  context.log.info(fmt::format("{} make, {} already complete in {}", clips_to(plan.jobs.size()), plan.complete.size(),
                               options.output.folder.string()));
  return plan;
}

// Warns of kept clips whose parent has got other latents than they were made from, which can happen with another number
// of ranks.
void warn_of_stale_children(const RequestResult& parent, const KeptChildren& children, const Log& log) {
  const auto [begin, end] = children.equal_range(parent.id);
  for (auto child = begin; child != end; ++child) {
    if (parent.latent_checksum.empty() || child->second.made_from == parent.latent_checksum) continue;
    log.warning(fmt::format(
        "{}: this finished clip continues an earlier version of the clip \"{}\", which now has other latents: "
        "remove the file and run again to make it from the new ones",
        child->second.latents.string(), parent.id));
  }
}

// Chooses the attention kernel for the whole run and logs it. Collective.
AttentionChoice attention_of(const RunContext& context, const Cosmos3Config& config) {
  const at::ScalarType dtype = compute_dtype(context.options.model.dtype, context.device);
  const ModelOptions& model = context.options.model;
  AttentionChoice choice = choose_attention(model.attention, model.attention_format,
                                            {context.device, dtype, config.head_dim}, context.world);
  const std::string remark = choice.remark.empty() ? "" : ": " + choice.remark;
  if (context.device.is_cuda()) context.log.info("attention by " + name_of(choice.by.kernel) + remark);
  return choice;
}

// Writes run.json. The returned function stores a clip's result in its files and in `gallery`. On rank 0.
ClipRecords::Keep open_records(const RunContext& context, const AttentionChoice& attention, const RootHold& hold,
                               double load_seconds, Gallery& gallery, OperatorGates& gates) {
  const Options& options = context.options;
  const RunFacts facts = facts_of(context, *hold.checkpoint, attention, hold.manifest_requests);
  const RunFiles files(options.output.folder, hold.shard);
  files.write_run(config_of(options, hold.shard), versions(), facts);
  std::optional<TimingFiles> timings;
  if (options.output.timings) timings.emplace(options.output.folder, facts.topology, load_seconds, context.log);
  return [files, timings, kernel = name_of(attention.by.kernel), &gallery, &gates, &children = hold.kept_children,
          &log = context.log](RequestResult result) {
    result.attention = kernel;
    result.checks = gates.take(result.id);
    files.append(result);
    warn_of_stale_children(result, children, log);
    if (timings) timings->write(result);
    gallery.update();
  };
}

// Makes the clips of `plan`, whose results are passed to `keep` on rank 0. Collective.
RunSummary make_clips_with(const RunModels& models, GenerateSettings settings, const RunPlan& plan,
                           const RootHold& hold, ClipRecords::Keep keep, OperatorGates& gates, RunContext& context) {
  const Options& options = context.options;
  DecodeRanks ranks(context.world, context.device);
  MediaMaker media(ranks, models.media.decoders(), options.output.vae_split, {options.output.folder},
                   options.output.media, gates.media_check());
  Progress progress(context.log, std::ssize(plan.jobs), work_of(plan));
  ClipRecords records(plan.jobs.size(), context.world, context.device, std::move(keep), progress, context.log);
  std::string told_sums, told_exchanges;
  const auto tell = [&](std::string& told, const char* what, const std::string& path) {
    if (path != told) context.log.info(what + path);
    told = path;
  };
  const auto deliver = [&](const ClipJob& job, ClipResult result) {
    tell(told_sums, "sums over the --tp ranks go ", sum_path(*models.groups.tp));
    tell(told_exchanges, "tokens and heads over the --sp ranks go ", window_path(*models.groups.sp));
    records.add(job, std::move(result));
  };
  Generator generator({context.world, *models.towers, *models.groups.cfg, media, models.media.encoder(),
                       std::move(settings), context.stop, progress, context.log},
                      deliver);
  const ClipSpace space(models.sizes.transformer, options.output);
  const auto out_problem = [&](const ClipJob& job) {  // on rank 0
    hold.lock->require_in_place();
    std::string problem = write_problem(job, space, options.output.folder);
    if (problem.empty()) problem = gates.prompt_problem(job.request, [&] { return context.stop.urgent(); });
    const auto next = static_cast<std::size_t>(&job - plan.jobs.data()) + 1;
    const std::size_t end = std::min(plan.jobs.size(), next + OperatorGates::kAhead);
    for (std::size_t i = next; i < end; ++i) gates.begin_prompt(plan.jobs[i].request);
    return problem;
  };
  make_clips(plan, generator, records, out_problem, progress, context);
  return records.summary();
}

}  // namespace

int run(const Options& options, const Comm& world) {
  note_phase("the checks");
  RunContext context(options, world);
  const Log& log = context.log;
  warn_of_distant_ranks(context);
  RootHold hold;
  const RunPlan plan = share_plan(context, hold);
  Gallery gallery(options.output.folder, log);
  if (world.is_root()) gallery.repair();
  if (plan.jobs.empty()) return 0;
  if (context.stop.agree()) return leave_stopped(context.stop, plan.jobs.size(), log);
  if (!hold.checkpoint) hold.checkpoint = open_checkpoint(options.model.checkpoint);
  const CheckpointFiles& checkpoint = *hold.checkpoint;

  OperatorGates gates(options.gates);
  if (world.is_root()) gates.begin_prompt(plan.jobs.front().request);
  note_phase("loading");
  const Stopwatch loading;
  const AttentionChoice attention = attention_of(context, checkpoint.transformer_config);
  GenerateSettings settings = settings_of(options, checkpoint, attention.by.kernel);
  const RunModels models(checkpoint, plan, context, attention.by.attention);
  settings.sizes = models.sizes;
  world.barrier();
  const double load_seconds = loading.seconds();
  log.info("loaded " + checkpoint.name() + " in " + duration_text(load_seconds));
  ClipRecords::Keep keep;
  if (world.is_root()) keep = open_records(context, attention, hold, load_seconds, gallery, gates);
  const RunSummary summary = make_clips_with(models, std::move(settings), plan, hold, std::move(keep), gates, context);
  if (world.is_root()) gallery.finish();
  if (world.is_root() && options.log_level() != LogLevel::Quiet) std::cout << summary.table(context.total.seconds());
  if (summary.unfinished() > 0 && context.stop.agree()) {
    return leave_stopped(context.stop, summary.unfinished(), log);
  }
  return summary.failed() == 0 ? 0 : 1;
}

}  // namespace orrery
