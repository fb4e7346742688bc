#include "app/run.h"

#include <sys/resource.h>

#include <functional>
#include <iostream>
#include <optional>
#include <set>

#include "app/checkpoint_files.h"
#include "app/clip_files.h"
#include "app/device_options.h"
#include "app/gallery.h"
#include "app/load_towers.h"
#include "app/manifest_shard.h"
#include "app/option_values.h"
#include "app/run_files.h"
#include "app/run_lock.h"
#include "app/run_plan.h"
#include "app/run_space.h"
#include "app/run_summary.h"
#include "app/stop_limits.h"
#include "app/timing_files.h"
#include "app/version.h"
#include "core/disk_space.h"
#include "core/error.h"
#include "core/file.h"
#include "parallel/device.h"
#include "parallel/process_grid.h"
#include "pipeline/progress.h"

namespace orrery {
namespace {

// What a rank needs beside the transformer: only what some job asks for.
struct Needs {
  bool decoder = false;
  bool encoder = false;
  bool sound = false;
};

Needs needs_of(const RunPlan& plan, const MediaSettings& media, VaeSplit split, bool is_root) {
  Needs needs;
  for (const ClipJob& job : plan.jobs) {
    if (!job.refusal.empty()) continue;
    needs.decoder |= media.wanted() && (is_root || split != VaeSplit::None);
    needs.encoder |= is_root && !job.request.image.empty() && !job.latents_done && !job.resumes;
    needs.sound |= is_root && job.request.sound && media.wanted();
  }
  return needs;
}

// What is beside the transformer.
class MediaModels {
 public:
  MediaModels(const CheckpointFiles& files, const Needs& needs, at::Device device, at::ScalarType dtype) {
    const auto vae = [&] { return Weights(files.vae, Shard{}, device, dtype); };
    if (needs.decoder) decoder_.emplace(vae(), files.vae_config);
    if (needs.encoder) encoder_.emplace(vae(), files.vae_config);
    if (needs.sound) sound_.emplace(Weights(files.sound, Shard{}, device, dtype), *files.sound_config);
  }
  MediaDecoders decoders() const { return {decoder_ ? &*decoder_ : nullptr, sound_ ? &*sound_ : nullptr}; }
  const WanEncoder* encoder() const { return encoder_ ? &*encoder_ : nullptr; }

 private:
  std::optional<WanDecoder> decoder_;
  std::optional<WanEncoder> encoder_;
  std::optional<SoundDecoder> sound_;
};

ManifestShard shard_of(const Options& options) {
  return options.shard ? *options.shard : slurm_array_shard().value_or(ManifestShard{});
}

std::vector<ClipJob> jobs_of_this_shard(ManifestShard shard, std::vector<ClipJob> jobs, const Log& log) {
  const std::size_t all = jobs.size();
  jobs = jobs_of(shard, std::move(jobs));
  if (!shard.is_whole()) {
    log.info("shard " + shard.text() + ": " + std::to_string(jobs.size()) + " of the manifest's " +
             std::to_string(all) + " requests");
  }
  return jobs;
}

// Throws InputError when the disk cannot even hold the next clips.
void check_space(const RunPlan& plan, const ClipSpace& space, const std::filesystem::path& out, const Log& log) {
  const std::optional<std::int64_t> available = available_bytes(out);
  if (!available) return;
  const SpaceVerdict verdict = judge_space(plan.jobs, space, *available, out);
  require_input(verdict.refusal.empty(), verdict.refusal);
  if (!verdict.warning.empty()) log.warning(verdict.warning);
}

// What rank 0 has from its first look at OUT to the end of the run.
struct RootHold {
  ManifestShard shard;
  std::int64_t manifest_requests = 0;
  std::optional<RunLock> lock;
};

// Snapshots that no clip goes on from: of clips that start over, or were killed just after their last step; and what a
// killed writer left.
void remove_other_snapshots(const RunPlan& plan, const RunFolder& folder) {
  const auto remove = [&](const std::string& id, const char* ending) {
    std::error_code ignored;
    std::filesystem::remove(folder.snapshot(id).string() + ending, ignored);
  };
  for (const std::string& id : plan.complete) remove(id, "");
  for (const ClipJob& job : plan.jobs) {
    remove(job.request.id, ".tmp");
    if (!job.resumes) remove(job.request.id, "");
  }
}

// Rank 0's part before any weight is read: everything is checked and OUT is prepared.
std::string prepare_on_root(const Options& options, const CheckpointFiles& checkpoint, const Log& log, RootHold& hold) {
  hold.shard = shard_of(options);
  audit_checkpoint(checkpoint, options.grid.tp);
  std::vector<ClipJob> jobs = plan_jobs(options, checkpoint);
  hold.manifest_requests = std::ssize(jobs);
  jobs = jobs_of_this_shard(hold.shard, std::move(jobs), log);
  for (const auto& folder : {options.out, options.out / "latents", options.out / "media", options.out / "snapshots"}) {
    require_writable_folder(folder);
  }
  hold.lock.emplace(options.out, hold.shard, log);
  const RunPlan plan = skip_complete(std::move(jobs), options, checkpoint);
  check_space(plan, ClipSpace(checkpoint.transformer_config, options), options.out, log);
  remove_other_snapshots(plan, {options.out});
  for (const std::string& warning : plan.warnings) log.warning(warning);
  if (options.grid.cfg == 2) {
    for (const ClipJob& job : plan.jobs) {
      if (!job.request.guided()) {
        log.warning("id \"" + job.request.id +
                    "\" has no guidance (guidance_scale <= 1): with --cfg 2 half of the ranks repeat "
                    "the other half's work");
      }
    }
  }
  return encode_plan(plan);
}

// What a latent file says of its model.
std::string model_json(const CheckpointFiles& checkpoint, const Options& options) {
  Json model = checkpoint.description();
  if (options.products != RowFormat::Plain) model["gemm"] = write_value(options.products).value();
  return model.dump();
}

GenerateSettings settings_for(const Options& options, const CheckpointFiles& checkpoint) {
  GenerateSettings settings;
  settings.folder = {options.out};
  settings.schedule = schedule_of(options, checkpoint);
  settings.vae_fingerprint = checkpoint.vae->fingerprint();
  settings.model_json = model_json(checkpoint, options);
  settings.model_name = checkpoint.name();
  settings.software = software_name();
  settings.snapshot_every = options.snapshot_every;
  return settings;
}

RunFacts facts_of(const Options& options, const CheckpointFiles& checkpoint, const Comm& world, at::Device device,
                  const RootHold& hold) {
  RunFacts facts;
  facts.manifest_requests = hold.manifest_requests;
  facts.topology = {{"ranks", world.shard().size},
                    {"cfg", options.grid.cfg},
                    {"tp", options.grid.tp},
                    {"device", device.is_cuda() ? "cuda" : "cpu"},
                    {"dtype", compute_dtype(options.dtype, device) == at::kFloat ? "float32" : "bfloat16"},
                    {"gemm", write_value(options.products).value()}};
  facts.checkpoint = checkpoint.description();
  facts.checkpoint["folder"] = checkpoint.place();
  return facts;
}

// The options as a job file, with the shard that a job array gave.
std::string config_of(Options options, ManifestShard shard) {
  if (!shard.is_whole()) options.shard = shard;
  return dump_config(options);
}

std::int64_t peak_resident_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;
}

RequestResult record_of(const ClipJob& job, ClipResult clip) {
  RequestResult result;
  result.id = job.request.id;
  result.request = Json::parse(job.request_json);
  result.status = clip.stopped ? ResultStatus::Stopped : clip.error.empty() ? ResultStatus::Done : ResultStatus::Failed;
  result.steps_done = clip.steps_done;
  result.steps = job.request.steps;
  result.error = std::move(clip.error);
  result.files = std::move(clip.files);
  result.seconds = clip.times;
  result.step_seconds = std::move(clip.step_seconds);
  result.peak_memory = peak_resident_bytes();
  result.peak_gpu_memory = clip.peak_gpu_memory;
  result.latent_checksum = std::move(clip.latents_checksum);
  result.finished = utc_now();
  return result;
}

// "[3/120] drive-0003"
std::string label_of(const ClipJob& job, std::size_t index, std::size_t count) {
  std::string label = "[";
  return label.append(std::to_string(index + 1)).append("/").append(std::to_string(count)).append("] ") +
         job.request.id;
}

double work_of(const RunPlan& plan) {
  double work = 0;
  for (const ClipJob& job : plan.jobs) work += work_of(job.request);
  return work;
}

// Why no work should go into the clip, or "". Collective: the disk is rank 0's.
std::string reason_to_skip(const ClipJob& job, const std::set<std::string>& failed_ids, const ClipSpace& space,
                           const std::filesystem::path& out, const Comm& world) {
  if (!job.refusal.empty()) return job.refusal;
  if (!job.resumes && failed_ids.contains(job.request.parent)) {
    return "condition_latents: the clip it continues, \"" + job.request.parent + "\", failed";
  }
  return world.from_root([&] {
    const std::optional<std::int64_t> available = available_bytes(out);
    return available ? lack_of_space(job, space, *available, out) : "";
  });
}

// "text 0.21 s, denoise 3 min 02 s"
std::string phases_text(const PhaseTimes& times) {
  std::string text;
  for (const auto& [phase, seconds] : times.phases()) {
    text.append(text.empty() ? "" : ", ").append(phase).append(" ").append(duration_text(seconds));
  }
  return text;
}

// What the clips of a run became, as they are delivered, on every rank. Rank 0 hands each result to `record`.
class ClipRecords {
 public:
  using Record = std::function<void(const RequestResult&)>;
  ClipRecords(std::size_t wanted, const Comm& world, Record record, Progress& progress, const Log& log)
      : world_(world), record_(std::move(record)), progress_(progress), log_(log), summary_(wanted) {}

  void add(const ClipJob& job, ClipResult clip) {
    const std::string& id = job.request.id;
    if (!clip.error.empty()) {
      failed_ids_.insert(id);
      if (world_.is_root()) log_.warning(id + " failed: " + clip.error);
    }
    if (!clip.stopped) progress_.clip_ended(id, !clip.error.empty(), clip.times.total());
    log_.verbose(id + ": " + phases_text(clip.times));
    summary_.add(job, clip);
    if (world_.is_root()) record_(record_of(job, std::move(clip)));
  }
  const std::set<std::string>& failed_ids() const { return failed_ids_; }
  const RunSummary& summary() const { return summary_; }

 private:
  const Comm& world_;
  Record record_;
  Progress& progress_;
  const Log& log_;
  RunSummary summary_;
  std::set<std::string> failed_ids_;
};

// Makes the clips of `plan`, whose results arrive in `records`.
void make_clips(const RunPlan& plan, Generator& generator, ClipRecords& records, StopFlag& stop, const ClipSpace& space,
                const Options& options, const Comm& world, Progress& progress, const Log& log) {
  Stopwatch since_last;
  for (std::size_t i = 0; i < plan.jobs.size() && !stop.agree(generator.seconds_ahead()); ++i) {
    const ClipJob& job = plan.jobs[i];
    const std::string reason = reason_to_skip(job, records.failed_ids(), space, options.out, world);
    PhaseTimes before;
    before.add("between", since_last.seconds());
    const std::string label = label_of(job, i, plan.jobs.size());
    progress.clip_begins(label, work_of(job.request));
    if (reason.empty()) {
      generator(job, label, before, i + 1 < plan.jobs.size() ? &plan.jobs[i + 1] : nullptr);
    } else {
      ClipResult skipped;
      skipped.error = reason;
      skipped.times = before;
      generator.finish();
      records.add(job, std::move(skipped));
    }
    // Whether a clip fails shows only when its video is written.
    if (options.on_error == OnError::Stop) generator.finish();
    since_last.restart();
    if (!records.failed_ids().empty() && options.on_error == OnError::Stop) {
      if (world.is_root()) log.warning("stopping after the first failure, as --on-error stop says");
      break;
    }
  }
  progress.phase("encode");
  generator.finish();
  progress.finish();
}

// The exit code of a run that was stopped with `left` clips to go.
int leave_stopped(const StopFlag& stop, std::size_t left, const Log& log) {
  constexpr int kStopped = 75;
  log.info("stopped by " + stop.reason() + " with " + std::to_string(left) + (left == 1 ? " clip" : " clips") +
           " to go: run the same command again to resume");
  return kStopped;
}

}  // namespace

int run(const Options& options, const Comm& world) {
  const ProcessGrid grid(world, options.grid);
  StopFlag stop(world, stop_limits(options));
  Log log(options.log_level(), world.shard().rank);
  const Stopwatch total;
  set_threads(world);
  const at::Device device = choose_device(options.device, world);

  require_products(options.products, device);

  RootHold hold;
  std::optional<CheckpointFiles> checkpoint;
  const RunPlan plan = decode_plan(world.from_root([&] {
    if (!options.log_file.empty()) log.keep_in(options.log_file);
    checkpoint = open_checkpoint(options.checkpoint);
    return prepare_on_root(options, *checkpoint, log, hold);
  }));
  log.info(std::to_string(plan.jobs.size()) + (plan.jobs.size() == 1 ? " clip to make, " : " clips to make, ") +
           std::to_string(plan.complete.size()) + " already complete in " + options.out.string());
  Gallery gallery(options.out, log);
  if (world.is_root()) gallery.repair();
  if (plan.jobs.empty()) return 0;
  if (stop.agree()) return leave_stopped(stop, plan.jobs.size(), log);
  if (!checkpoint) checkpoint = open_checkpoint(options.checkpoint);

  const Stopwatch loading;
  const auto tp = make_collectives(grid.tp(), device);
  const auto cfg = make_collectives(grid.cfg(), device);
  const at::ScalarType dtype = compute_dtype(options.dtype, device);
  const RankPlace place{world, *tp, *cfg, device, dtype};
  GenerateSettings settings = settings_for(options, *checkpoint);
  settings.sizes = model_sizes(*checkpoint, place, options.vae_split);
  // First, so that what the towers find free is theirs.
  const MediaSettings media_settings = media_settings_of(options);
  const MediaModels models(*checkpoint, needs_of(plan, media_settings, options.vae_split, world.is_root()), device,
                           dtype);
  const std::unique_ptr<Towers> towers = load_towers(options, *checkpoint, plan, place, log);
  world.barrier();
  const double load_seconds = loading.seconds();
  log.info("loaded " + checkpoint->name() + " in " + duration_text(load_seconds));
  const RunFiles files(options.out, hold.shard);
  const RunFacts facts = facts_of(options, *checkpoint, world, device, hold);
  if (world.is_root()) files.write_run(config_of(options, hold.shard), versions(), facts);
  const TimingFiles timings(options.out, facts.topology, load_seconds, log);

  DecodeRanks ranks(world, device);
  MediaMaker media(ranks, models.decoders(), options.vae_split, {options.out}, media_settings);
  const auto record = [&](const RequestResult& result) {
    files.append(result);
    if (options.timings) timings.write(result);
    gallery.update();
  };
  Progress progress(log, std::ssize(plan.jobs), work_of(plan));
  ClipRecords records(plan.jobs.size(), world, record, progress, log);
  Generator generator(
      world, *towers, *cfg, media, models.encoder(), settings, stop,
      [&](const ClipJob& job, ClipResult result) { records.add(job, std::move(result)); }, progress, log);
  const ClipSpace space(checkpoint->transformer_config, options);
  make_clips(plan, generator, records, stop, space, options, world, progress, log);
  if (world.is_root()) gallery.finish();
  const RunSummary& summary = records.summary();
  if (world.is_root() && options.log_level() != LogLevel::Quiet) std::cout << summary.table(total.seconds());
  if (summary.unfinished() > 0 && stop.agree()) return leave_stopped(stop, summary.unfinished(), log);
  return summary.failed() == 0 ? 0 : 1;
}

}  // namespace orrery
