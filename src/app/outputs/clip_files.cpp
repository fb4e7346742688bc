#include "app/outputs/clip_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "app/manifest/manifest.h"
#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/numbers.h"
#include "io/media/made_from.h"
#include "pipeline/clip_needs.h"
#include "pipeline/snapshot.h"

namespace orrery {
namespace {

// Whether the fingerprints agree; a checkpoint that was moved or renamed is the same.
bool same_weights(const std::string& model, const Json& wanted) {
  const Json found = parse_object_or_null(model);
  const auto same = [&](const char* key) { return found.contains(key) && found[key] == wanted[key]; };
  return found.is_object() && same("transformer_fingerprint") && same("vae_fingerprint");
}

// The file's recorded inputs; an empty object when it has none.
Json inputs_of(const LatentHeader& found) {
  Json inputs = parse_object_or_null(found.inputs);
  return inputs.is_object() ? inputs : Json::object();
}

// The text of a member; "" when it has no text.
std::string text_in(const Json& object, const char* key) {
  const bool has_text = object.is_object() && object.contains(key) && object[key].is_string();
  return has_text ? object[key].get<std::string>() : "";
}

// "orrery 0.1.0 (3d88f48)" without the revision.
std::string release_of(const std::string& software) { return software.substr(0, software.find(" (")); }

}  // namespace

ClipFiles::ClipFiles(const std::vector<ClipJob>& jobs, const Recipe& recipe, const OutputOptions& output,
                     const CheckpointFiles& checkpoint, std::string software)
    : recipe_(recipe),
      output_(&output),
      checkpoint_(&checkpoint),
      folder_{output.folder},
      software_(std::move(software)),
      model_(checkpoint.description()),
      sources_(jobs, recipe, checkpoint) {}

bool ClipFiles::look_for(ClipJob& job) {
  sources_.add(job);
  if (!output_->force) {
    look_for_latents(job);
    if (!job.latents_done && job.chunks.empty()) look_for_snapshot(job);
    for (ClipJob& chunk : job.chunks) {
      if (job.latents_done) break;
      look_for_latents(chunk);
      if (!chunk.latents_done) look_for_snapshot(chunk);
    }
  }
  return job.latents_done && media_done(job.request);
}

bool ClipFiles::media_done(const Request& request) {
  const std::vector<Artifact> artifacts = artifacts_of(folder_, request, output_->media);
  return std::all_of(artifacts.begin(), artifacts.end(), [&](const Artifact& artifact) {
    const auto is_ours = [&](const std::filesystem::path& file) { return made_of_kept_latents(file, request.id); };
    return !artifact.wanted || std::all_of(artifact.witnesses.begin(), artifact.witnesses.end(), is_ours);
  });
}

// Whether the media were made from the kept latents. Media of earlier releases do not record that; with latents of
// earlier releases, they count when they are newer than the latents.
bool ClipFiles::made_of_kept_latents(const std::filesystem::path& media, const std::string& id) {
  if (!is_file(media)) return false;
  const std::optional<std::string> mark = made_from(media);
  if (mark) return *mark == checksum_of(id);
  if (!kept_[id].recorded.empty()) return false;
  std::error_code error;
  const auto made = std::filesystem::last_write_time(media, error);
  return !error && made >= std::filesystem::last_write_time(folder_.latents(id), error) && !error;
}

const std::string& ClipFiles::checksum_of(const std::string& id) {
  std::string& checksum = kept_[id].checksum;
  if (checksum.empty()) checksum = stored_checksum(folder_.latents(id));
  return checksum;
}

void ClipFiles::look_for_latents(ClipJob& job) {
  const std::filesystem::path path = folder_.latents(job.request.id);
  if (!is_there(path)) return;
  try {
    const LatentHeader found = read_latent_header(path);
    if (found.state != LatentFile::State::Complete) return;
    const std::string other = difference(found, job);
    if (other.empty() && !chunks_are_there(job, found)) return;
    job.latents_done = true;
    kept_[job.request.id] = {found.checksum, found.checksum};
    if (other.empty()) return remember_child(job, inputs_of(found));
    conflicts_.push_back(path.string() + ": this finished clip was made " + other +
                         ": remove the file to make the clip again, choose another id or --out, or give --force to "
                         "make everything again");
  } catch (const OtherVersion& e) {
    conflicts_.emplace_back(e.what());
  } catch (const InputError& e) {
    warnings_.push_back(std::string(e.what()) + ": the clip is made again");
  }
}

bool ClipFiles::chunks_are_there(const ClipJob& job, const LatentHeader& list) {
  for (const ListedChunk& chunk : list.chunks) {
    const std::filesystem::path path = folder_.latents(job.request.id).parent_path() / chunk.file;
    if (!is_there(path) || read_latent_header(path).checksum != chunk.latents) return false;
  }
  return true;
}

void ClipFiles::remember_child(const ClipJob& job, const Json& inputs) {
  const std::string& parent = job.request.parent;
  if (parent.empty() || !inputs.contains("parent") || kept_.contains(parent)) return;
  kept_children_.insert({parent, {folder_.latents(job.request.id), text_in(inputs["parent"], "latents")}});
}

// Looks for a snapshot. Snapshots are few, and are read completely here, since damage must be known before the models
// are chosen.
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
    if (release_of(snapshot.software) != release_of(software_)) {
      return refuse("by " + snapshot.software + ", this is " + software_);
    }
    state_of(snapshot, job.request, media_shape(job.request, checkpoint_->transformer_config));
    job.resumes = true;
  } catch (const OtherVersion& e) {
    refuse(std::string("by another version of Orrery (") + e.what() + ")");
  } catch (const InputError& e) {
    const std::string what = e.what();
    warnings_.push_back((what.starts_with(path.string()) ? what : path.string() + ": " + what) +
                        ": the clip starts over");
  }
}

// How the file differs from what `job` would make, or "". Different ids reveal another tokenizer, another default
// negative prompt, or an earlier version's caption for one frame and guidance below 1; the length of the sound reveals
// an earlier version, the sigmas another schedule.
std::string ClipFiles::difference(const LatentHeader& found, const ClipJob& job) {
  if (!same_weights(found.model, model_)) return "with another checkpoint";
  const Json inputs = inputs_of(found);
  const Json request = without_known_paths(parse_object_or_null(found.request), inputs);
  if (request != without_known_paths(manifest_json(job.request), inputs)) {
    return "from another request with this id";
  }
  if (const std::string other = input_difference(inputs, job); !other.empty()) return other;
  if (const std::string other = parent_difference(inputs, job); !other.empty()) return other;
  if (found.cond_ids != job.ids.cond || found.uncond_ids != job.ids.uncond) {
    return "from other texts (a changed tokenizer, semantics, default negative prompt or version of Orrery)";
  }
  if (found.chunks.empty() && found.steps_of(Stream::Sound) != job.request.sound_steps()) {
    return fmt::format("with {} of sound, this version makes {}",
                       count_text(found.steps_of(Stream::Sound), "latent step"), job.request.sound_steps());
  }
  const std::string entry = other_entry(found, recipe_, job.request);
  return entry.empty() ? "" : "with another --" + entry;
}

// How the inputs' content differs, or "". A file that cannot be read now does not count as different, so the clip made
// from it is kept.
std::string ClipFiles::input_difference(const Json& inputs, const ClipJob& job) {
  for (const RequestFile& file : job.request.input_files()) {
    if (!inputs.contains(file.key)) continue;
    const std::string& content = sources_.content(file.path);
    if (content.empty() || inputs[file.key] == content) continue;
    return std::string("from another ") + file.key + ": the content of " + file.path.string() + " has changed since";
  }
  return "";
}

// How the parent differs, or "". The parent is identified by its latents if they are there, otherwise by the recipe
// from which this run will make them.
std::string ClipFiles::parent_difference(const Json& inputs, const ClipJob& job) {
  const std::string& parent = job.request.parent;
  if (parent.empty() || !inputs.contains("parent")) return "";
  const std::string words = "from other latents of the clip \"" + parent + "\", which it continues: that clip ";
  if (kept_.contains(parent)) {
    const bool same = text_in(inputs["parent"], "latents") == checksum_of(parent);
    return same ? "" : words + "has been made again since";
  }
  return text_in(inputs["parent"], "recipe") == job.parent_recipe ? "" : words + "will be made from another request";
}

}  // namespace orrery
