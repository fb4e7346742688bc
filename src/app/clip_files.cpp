#include "app/clip_files.h"

#include "app/option_values.h"
#include "app/version.h"
#include "core/error.h"
#include "core/file.h"
#include "pipeline/media_shape.h"
#include "pipeline/snapshot.h"

namespace orrery {
namespace {

// A checkpoint that only moved, or got another name, is the same.
bool same_weights(const std::string& model, const Json& wanted) {
  const Json found = parse_object_or_null(model);
  const auto same = [&](const char* key) { return found.contains(key) && found[key] == wanted[key]; };
  return found.is_object() && same("transformer_fingerprint") && same("vae_fingerprint");
}

// Of files that do not say: "bf16".
std::string gemm_of(const std::string& model) {
  const Json found = parse_object_or_null(model);
  const Json gemm = found.is_object() ? found.value("gemm", Json("bf16")) : Json("");
  return gemm.is_string() ? gemm.get<std::string>() : gemm.dump();
}

// "orrery 0.1.0 (3d88f48)" without the revision.
std::string release_of(const std::string& software) { return software.substr(0, software.find(" (")); }

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
      require_own_schedule(options.schedule, checkpoint.own_schedule_problem);
      return checkpoint.own_schedule;
  }
}

ClipFiles::ClipFiles(const Options& options, const CheckpointFiles& checkpoint)
    : options_(&options), checkpoint_(&checkpoint), folder_{options.out}, model_(checkpoint.description()) {}

bool ClipFiles::look_for(ClipJob& job) {
  if (!options_->force) {
    look_for_latents(job);
    if (!job.latents_done) look_for_snapshot(job);
  }
  return job.latents_done && media_done(job.request);
}

bool ClipFiles::media_done(const Request& request) const {
  return (options_->media == Media::None || is_file(folder_.media(request.id))) &&
         (!options_->previews || is_file(folder_.preview(request.id))) &&
         (!options_->keep_frames || is_there(folder_.frame(request.id, request.num_frames - 1)));
}

void ClipFiles::look_for_latents(ClipJob& job) {
  const std::filesystem::path path = folder_.latents(job.request.id);
  if (!is_there(path)) return;
  try {
    const LatentHeader found = read_latent_header(path);
    if (found.state != LatentFile::State::Complete) return;
    job.latents_done = true;
    const std::string other = difference(found, job);
    if (other.empty()) return;
    conflicts_.push_back(path.string() + ": this finished clip was made " + other +
                         ": choose another id or --out, or give --force to make it again");
  } catch (const OtherVersion& e) {
    conflicts_.emplace_back(e.what());
  } catch (const InputError& e) {
    warnings_.push_back(std::string(e.what()) + ": the clip is made again");
  }
}

// Snapshots are few, and read whole here: a damaged one has to be known before the models are chosen.
void ClipFiles::look_for_snapshot(ClipJob& job) {
  const std::filesystem::path path = folder_.snapshot(job.request.id);
  if (!is_there(path)) return;
  const auto refuse = [&](const std::string& why) {
    conflicts_.push_back(path.string() + ": this unfinished clip was begun " + why +
                         ": remove the file to start the clip over, choose another id or --out, or give --force to "
                         "make everything again");
  };
  try {
    const std::string other = difference(read_latent_header(path), job);
    if (!other.empty()) return refuse(other);
    const LatentFile snapshot = read_latents(path);
    if (release_of(snapshot.software) != release_of(software_name())) {
      return refuse("by " + snapshot.software + ", this is " + software_name());
    }
    const Cosmos3Config& config = checkpoint_->transformer_config;
    state_of(snapshot, media_shape(job.request, config.latent_channel), config.sound_dim);
    job.resumes = true;
  } catch (const OtherVersion& e) {
    refuse(std::string("by another version of Orrery (") + e.what() + ")");
  } catch (const InputError& e) {
    const std::string what = e.what();
    warnings_.push_back((what.starts_with(path.string()) ? what : path.string() + ": " + what) +
                        ": the clip starts over");
  }
}

// How the file differs from what `job` would make, or "". The ids tell of another tokenizer or default negative prompt,
// and of what earlier versions made of one frame's caption and of guidance below 1; the length of the sound of what
// they made of it; the sigmas of another schedule.
std::string ClipFiles::difference(const LatentHeader& found, const ClipJob& job) const {
  const Schedule wanted =
      make_schedule(schedule_of(*options_, *checkpoint_), job.request.steps, job.request.flow_shift);
  if (!same_weights(found.model, model_)) return "with another checkpoint";
  if (gemm_of(found.model) != write_value(options_->products)) return "with another --gemm";
  if (found.request != job.request_json) return "from another request with this id";
  if (found.cond_ids != job.ids.cond || found.uncond_ids != job.ids.uncond) {
    return "from other texts (a changed tokenizer, semantics, default negative prompt or version of Orrery)";
  }
  if (found.sound_steps != job.request.sound_steps()) {
    return "with " + std::to_string(found.sound_steps) + " latent steps of sound, this version makes " +
           std::to_string(job.request.sound_steps());
  }
  return found.sigmas != wanted.sigmas ? "with another --schedule" : "";
}

}  // namespace orrery
