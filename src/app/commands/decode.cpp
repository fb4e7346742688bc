#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/cli/version.h"
#include "app/commands/commands.h"
#include "app/manifest/manifest_fields.h"
#include "app/manifest/request_rules.h"
#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/numbers.h"
#include "base/core/pulse.h"
#include "base/parallel/device.h"
#include "models/zoo/checkpoint_files.h"
#include "models/zoo/model_options.h"
#include "pipeline/clip_file.h"
#include "pipeline/clip_media.h"
#include "pipeline/long_clip.h"
#include "pipeline/root_work.h"
#include "pipeline/run_folder.h"

namespace orrery {
namespace {

// The request in the file; an empty object when there is none, as in files of other programs.
Json request_in(const std::filesystem::path& path, const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos || text[begin] != '{') return Json::object();
  Json request = parse_object_or_null(text);
  require_input(request.is_object(), path.string() + ": the request in it is not valid JSON (which has no NaN)");
  return request;
}

// The request's frames per second. Throws InputError for an invalid rate, since a clip must not be shown at a wrong
// speed.
double fps_in(const std::filesystem::path& path, const Json& request) {
  Request clip;
  const auto fps = request.find("fps");
  if (fps == request.end() || fps->is_null()) return clip.fps;
  require_input(fps->is_number(),
                path.string() + ": the request in it: fps: found " + describe(*fps) + ", expected a number");
  clip.fps = fps->get<double>();
  for (const FieldProblem& problem : check_request(clip)) {
    throw InputError(fmt::format("{}: the request in it: {}: {}", path.string(), problem.field, problem.reason));
  }
  return clip.fps;
}

// The label of a file's media. `request_text` is the file's request, `latents` the latents' checksum.
ClipLabel label_of(const std::filesystem::path& path, const std::string& request_text, const std::string& latents,
                   const CheckpointFiles& checkpoint) {
  ClipLabel label;
  label.id = path.stem().string();
  label.model = checkpoint.name();
  label.version = software_name();
  label.latents = latents;
  const Json request = request_in(path, request_text);
  if (request.contains("prompt") && request["prompt"].is_string()) label.prompt = request["prompt"].get<std::string>();
  if (request.contains("seed") && request["seed"].is_number()) label.seed = request["seed"].dump();
  label.fps = fps_in(path, request);
  return label;
}

void require_finite(const std::filesystem::path& path, const at::Tensor& latents) {
  require_input(at::isfinite(latents).all().item<bool>(), path.string() + ": its latents have NaN or infinite values");
}

// A file's latents and the label of its media.
struct Clip {
  MediaLatents latents;
  ClipLabel label;
};

Clip read_clip(const std::filesystem::path& path, const CheckpointFiles& checkpoint) {
  const LatentFile file = read_latents(path);
  require_input(file.state == LatentFile::State::Complete,
                path.string() + ": its clip is not finished: run it to the end first");
  const std::int64_t channels = file.latents.at(Stream::Video).shape[1];
  require_input(channels == checkpoint.vae_config.z_dim,
                fmt::format("{}: its latents have {}, the checkpoint's VAE takes {}", path.string(),
                            count_text(channels, "channel"), checkpoint.vae_config.z_dim));
  Clip clip{latents_of(file), label_of(path, file.request, latents_checksum(file), checkpoint)};
  for (const auto& [stream, latents] : clip.latents) require_finite(path, latents);
  if (!clip.latents.contains(Stream::Sound)) return clip;
  require_input(checkpoint.sound != nullptr,
                path.string() + ": it has sound, but the checkpoint has no sound_tokenizer/");
  const std::int64_t wanted = checkpoint.sound_config->vocoder_input_dim;
  const std::int64_t found = clip.latents.at(Stream::Sound).size(0);
  require_input(found == wanted, fmt::format("{}: its sound latents have {}, the checkpoint's decoder takes {}",
                                             path.string(), count_text(found, "channel"), wanted));
  return clip;
}

class Decoding {
 public:
  // Collective over `world`.
  Decoding(const Options& options, const Comm& world, CheckpointFiles checkpoint)
      : world_(world),
        checkpoint_(std::move(checkpoint)),
        device_(choose_device(options.device, world)),
        dtype_(compute_dtype(options.model.dtype, device_)),
        split_(options.output.vae_split),
        folder_{options.output.folder},
        settings_(options.output.media),
        ranks_(world, device_) {
    if (!world.is_root() && split_ == VaeSplit::None) return;
    decoder_.emplace(Weights(checkpoint_.vae, Shard{}, device_, dtype_), checkpoint_.vae_config);
  }

  // Decodes a file and returns the files made, on rank 0. Throws RequestFailed on all ranks. Collective.
  std::vector<std::string> operator()(const std::filesystem::path& path) {
    std::string list;  // chunks of a long clip; empty: the file itself has latents
    on_root(world_, [&] {
      const std::vector<ListedChunk> chunks = read_latent_header(path).chunks;
      if (!chunks.empty()) list = chunk_list_text(chunks);
    });
    list = world_.broadcast(list);
    const MediaOutcome made = list.empty() ? decode_clip(path) : decode_chunks(path, parse_chunk_list(list));
    if (!made.error.empty()) throw RequestFailed(made.error);
    std::vector<std::string> files;
    on_root(world_, [&] { files = made.files->finish(); });
    return files;
  }

 private:
  MediaMaker maker() {
    const MediaDecoders decoders{decoder_ ? &*decoder_ : nullptr, sound_ ? &*sound_ : nullptr};
    return {ranks_, decoders, split_, folder_, settings_};
  }

  MediaOutcome decode_clip(const std::filesystem::path& path) {
    const Clip clip = share(path);
    return maker()(clip.latents, clip.label, [] { return false; });
  }

  MediaOutcome decode_chunks(const std::filesystem::path& path, const std::vector<ListedChunk>& chunks) {
    ClipLabel label;
    PictureSize size;
    bool sound = false;
    on_root(world_, [&] {
      const LatentHeader list = read_latent_header(path);
      label = label_of(path, list.request, list.checksum, checkpoint_);
      const Clip first = read_clip(path.parent_path() / chunks.front().file, checkpoint_);
      const at::Tensor& video = first.latents.at(Stream::Video);
      size = size_of(chunks, video.size(2) * WanConfig::kSpatialFactor, video.size(3) * WanConfig::kSpatialFactor);
      sound = first.latents.contains(Stream::Sound);
      if (sound) load_sound();
    });
    const MediaMaker make = maker();
    MediaMaking making = make.in_parts(label, size, sound, [] { return false; });
    add_chunks(making, world_, device_, path.parent_path(), chunks);
    return making.finish();
  }

  // Returns the video's latents on every rank, everything else on rank 0 only. Collective.
  Clip share(const std::filesystem::path& path) {
    Clip clip;
    on_root(world_, [&] {
      clip = read_clip(path, checkpoint_);
      if (clip.latents.contains(Stream::Sound)) load_sound();
    });
    at::Tensor& video = clip.latents[Stream::Video];
    video = share_from_root(world_, video).to(device_);
    return clip;
  }

  // Loads the sound decoder at the first file that has sound.
  void load_sound() {
    if (!sound_) sound_.emplace(Weights(checkpoint_.sound, Shard{}, device_, dtype_), *checkpoint_.sound_config);
  }

  const Comm& world_;
  CheckpointFiles checkpoint_;
  at::Device device_;
  at::ScalarType dtype_;
  VaeSplit split_;
  RunFolder folder_;
  MediaSettings settings_;
  DecodeRanks ranks_;
  std::optional<WanDecoder> decoder_;  // on ranks that decode
  std::optional<SoundDecoder> sound_;
};

// The names of the chunks' files that a long clip's file lists; none for other files, and for one that cannot be read,
// which is reported when it is decoded.
std::set<std::string> chunks_listed_in(const std::filesystem::path& path) {
  std::set<std::string> names;
  try {
    for (const ListedChunk& chunk : read_latent_header(path).chunks) names.insert(chunk.file);
  } catch (const InputError&) {
    names.clear();
  }
  return names;
}

// The files without the chunks of long clips whose own files are among them: these clips are decoded as a whole.
std::vector<std::filesystem::path> without_listed_chunks(const std::vector<std::filesystem::path>& files) {
  std::map<std::filesystem::path, std::set<std::string>> listed;  // by the long clip's file
  std::set<std::filesystem::path> given;
  for (const std::filesystem::path& file : files) given.insert(file.lexically_normal());
  const auto is_listed = [&](const std::filesystem::path& file) {
    const std::string name = file.filename().string(), id = name.substr(0, name.rfind('@'));
    const std::filesystem::path clip = file.lexically_normal().parent_path() / (id + ".h5");
    if (id == name || !given.contains(clip)) return false;
    const auto [place, is_new] = listed.try_emplace(clip);
    if (is_new) place->second = chunks_listed_in(clip);
    return place->second.contains(name);
  };
  std::vector<std::filesystem::path> kept;
  std::remove_copy_if(files.begin(), files.end(), std::back_inserter(kept), is_listed);
  return kept;
}

// The result of without_listed_chunks() on rank 0, for all ranks. Collective.
std::vector<std::filesystem::path> files_to_decode(const std::vector<std::filesystem::path>& files, const Comm& world,
                                                   const Log& log) {
  const std::string list = world.from_root([&] {
    std::string names;
    const std::vector<std::filesystem::path> kept = without_listed_chunks(files);
    for (const std::filesystem::path& file : kept) names.append(file.string()).push_back('\0');
    if (kept.size() < files.size()) {
      log.info(
          fmt::format("skipping {} of long clips, which are decoded as a whole: to decode a chunk by itself, "
                      "give its file without its clip's",
                      count_text(std::ssize(files) - std::ssize(kept), "chunk file")));
    }
    return names;
  });
  std::vector<std::filesystem::path> kept;
  for (std::size_t begin = 0; begin < list.size(); begin = list.find('\0', begin) + 1) {
    kept.emplace_back(list.substr(begin, list.find('\0', begin) - begin));
  }
  return kept;
}

}  // namespace

int decode_files(const Options& options, const Comm& world) {
  note_phase("loading");
  set_threads(world);
  const Log log(options.log_level(), world.shard().rank);
  std::optional<CheckpointFiles> checkpoint;
  world.from_root([&] {
    require_writable_folder(options.output.folder / "media");
    checkpoint = open_checkpoint(options.model.checkpoint);
  });
  if (!checkpoint) checkpoint = open_checkpoint(options.model.checkpoint);
  const std::vector<std::filesystem::path> files = files_to_decode(options.files, world, log);
  Decoding decoding(options, world, std::move(*checkpoint));
  int failed = 0;
  for (const std::filesystem::path& path : files) {
    note_clip(path.string());
    note_phase("decode");
    try {
      for (const std::string& made : decoding(path))
        log.info(path.string() + " -> " + (options.output.folder / made).string());
    } catch (const RequestFailed& e) {
      if (world.is_root()) log.warning(e.what());
      ++failed;
    }
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace orrery
