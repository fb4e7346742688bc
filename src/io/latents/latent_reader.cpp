#include <algorithm>
#include <utility>

#include "base/core/error.h"
#include "io/latents/hdf5_data.h"
#include "io/latents/latent_format.h"
#include "io/latents/latent_store.h"
#include "io/latents/structure.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using namespace latent_format;

// Reads one open file; what is wrong with it is an InputError, what HDF5 stumbles over an Error for the caller to name.
class Reader {
 public:
  explicit Reader(const fs::path& path) : name_(path.string()), structure_(path), file_(hdf5::open_to_read(name_)) {}

  LatentFile read() const;
  LatentHeader header() const;

 private:
  LatentFile::State read_identity() const;
  std::string text_or_empty(const char* attribute) const;
  bool has(const std::string& path) const { return structure_.datasets().contains(path); }
  hdf5::Dataset open_whole(const std::string& path) const;
  FloatArray floats(const std::string& path, std::size_t rank) const;
  std::optional<FloatArray> optional_floats(const std::string& path, std::size_t rank) const;
  std::int64_t sound_steps() const;
  std::vector<std::int64_t> integers(const std::string& path) const;
  int counter(const std::string& group, const char* attribute) const;
  RunningState running(bool with_sound) const;
  SamplerHistory history(const std::string& path, std::size_t rank) const;
  void read_cache(RunningState& state) const;
  void require_plausible_sound() const;
  void require_input(bool ok, const std::string& message) const { orrery::require_input(ok, name_ + ": " + message); }

  std::string name_;
  hdf5::Structure structure_;
  hdf5::File file_;
};

LatentHeader Reader::header() const {
  LatentHeader header;
  header.state = read_identity();
  header.request = text_or_empty("request");
  header.inputs = text_or_empty("inputs");
  header.model = text_or_empty("model");
  header.checksum = text_or_empty("checksum");
  header.cond_ids = integers(kCondIds);
  header.uncond_ids = integers(kUncondIds);
  if (has(kSigmas)) header.sigmas = floats(kSigmas, 1).values;
  header.sound_steps = sound_steps();
  return header;
}

LatentFile Reader::read() const {
  LatentHeader header = this->header();
  LatentFile file;
  file.state = header.state;
  file.request = std::move(header.request);
  file.inputs = std::move(header.inputs);
  file.model = std::move(header.model);
  file.software = text_or_empty("software");
  file.created = text_or_empty("created");
  file.video = floats(kVideo, 5);
  require_plausible_sound();
  file.sound = optional_floats(kSound, 3);
  file.cond_ids = std::move(header.cond_ids);
  file.uncond_ids = std::move(header.uncond_ids);
  file.sigmas = std::move(header.sigmas);
  file.timesteps = integers(kTimesteps);
  file.condition = optional_floats(kCondition, 5);
  if (file.state == LatentFile::State::Running) file.running = running(file.sound.has_value());
  return file;
}

LatentFile::State Reader::read_identity() const {
  const std::optional<std::string> format = hdf5::read_string(file_.get(), "format");
  require_input(format == kFormat, "not an Orrery latent file: the root attribute format is " +
                                       (format ? "\"" + *format + "\"" : "missing") + ", expected \"" + kFormat + "\"");
  const std::optional<std::int64_t> version = hdf5::read_integer(file_.get(), "version");
  require_input(version.has_value(), "latent file version missing, expected " + std::to_string(kVersion));
  if (version != kVersion) {
    throw OtherVersion(name_ + ": latent file version " + std::to_string(*version) + ", this program reads version " +
                       std::to_string(kVersion) + ": read it with the program that wrote it");
  }
  const std::optional<std::string> state = hdf5::read_string(file_.get(), "state");
  require_input(state == kComplete || state == kRunning, "the root attribute state is " +
                                                             (state ? "\"" + *state + "\"" : "missing") +
                                                             ", expected \"complete\" or \"running\"");
  return state == kComplete ? LatentFile::State::Complete : LatentFile::State::Running;
}

std::string Reader::text_or_empty(const char* attribute) const {
  return hdf5::read_string(file_.get(), attribute).value_or("");
}

FloatArray Reader::floats(const std::string& path, std::size_t rank) const {
  require_input(has(path), "no dataset " + path);
  const hdf5::StoredValues& stored = structure_.datasets().at(path);
  require_input(stored.type.is_float, path + ": found values of type " + stored.type.name +
                                          ", expected floating-point numbers of HDF5's own: convert them to float32");
  FloatArray array{{stored.shape.extents.begin(), stored.shape.extents.end()}, {}};
  const bool filled = std::all_of(array.shape.begin(), array.shape.end(), [](std::int64_t n) { return n > 0; });
  require_input(array.shape.size() == rank && filled && (rank == 1 || array.shape.front() == 1),
                path + " has shape " + shape_text(array.shape) + ", expected " +
                    (rank == 5   ? "[1, C, t, h, w]"
                     : rank == 3 ? "[1, S, T]"
                                 : "one axis"));
  array.values = hdf5::read_floats(open_whole(path));
  return array;
}

std::optional<FloatArray> Reader::optional_floats(const std::string& path, std::size_t rank) const {
  if (!has(path)) return std::nullopt;
  return floats(path, rank);
}

std::int64_t Reader::sound_steps() const {
  if (!has(kSound)) return 0;
  const std::vector<std::uint64_t>& shape = structure_.datasets().at(kSound).shape.extents;
  return shape.empty() ? 0 : static_cast<std::int64_t>(shape.back());
}

std::vector<std::int64_t> Reader::integers(const std::string& path) const {
  if (!has(path)) return {};
  const hdf5::StoredValues& stored = structure_.datasets().at(path);
  require_input(stored.type.is_integer && stored.shape.extents.size() == 1,
                path + ": found values of type " + stored.type.name + " with " +
                    std::to_string(stored.shape.extents.size()) + " axes, expected one axis of whole numbers");
  return hdf5::read_integers(open_whole(path));
}

hdf5::Dataset Reader::open_whole(const std::string& path) const {
  structure_.require_whole(path);
  return hdf5::open_dataset(file_.get(), path);
}

// A latent frame is up to 4 frames, and a frame lasts a second (25 steps) at most: of a longer sound, nothing would be
// heard.
void Reader::require_plausible_sound() const {
  constexpr std::uint64_t kMostStepsPerLatentFrame = 100;
  if (!has(kSound) || !has(kVideo)) return;
  const std::vector<std::uint64_t>& sound = structure_.datasets().at(kSound).shape.extents;
  const std::vector<std::uint64_t>& video = structure_.datasets().at(kVideo).shape.extents;
  if (sound.size() != 3 || video.size() != 5) return;  // refused where they are read
  require_input(sound[2] <= kMostStepsPerLatentFrame * video[2],
                std::string(kSound) + " has " + std::to_string(sound[2]) + " steps beside " + std::to_string(video[2]) +
                    " latent frames: they are not of one clip");
}

int Reader::counter(const std::string& group, const char* attribute) const {
  require_input(hdf5::has_path(file_.get(), group),
                "the state is running, but there is no group " + group + ": it cannot be resumed");
  const hdf5::Group opened(hdf5::check(H5Gopen2(file_.get(), group.c_str(), H5P_DEFAULT), "open " + group));
  const std::optional<std::int64_t> value = hdf5::read_integer(opened.get(), attribute);
  require_input(value && *value >= 0 && *value <= 1'000'000,
                group + ": the attribute " + attribute + " is missing or out of range: it cannot be resumed");
  return static_cast<int>(*value);
}

RunningState Reader::running(bool with_sound) const {
  RunningState state;
  state.step = counter(kSampler, "step");
  state.video = history(kVideoHistory, 5);
  if (with_sound) state.sound = history(kSoundHistory, 3);
  if (hdf5::has_path(file_.get(), kCache)) read_cache(state);
  return state;
}

void Reader::read_cache(RunningState& state) const {
  const hdf5::Group group(hdf5::check(H5Gopen2(file_.get(), kCache, H5P_DEFAULT), "open /sampler/cache"));
  state.cache = hdf5::read_string(group.get(), "state").value_or("");
  const std::string folder = std::string(kCache) + "/";
  for (const auto& [path, stored] : structure_.datasets()) {
    if (!path.starts_with(folder)) continue;
    state.cache_arrays[path.substr(folder.size())] = floats(path, stored.shape.extents.size() == 3 ? 3 : 5);
  }
}

SamplerHistory Reader::history(const std::string& path, std::size_t rank) const {
  SamplerHistory history;
  history.lower_order_steps = counter(path, "lower_order_steps");
  history.last_order = counter(path, "last_order");
  history.last_sample = optional_floats(path + "/last_sample", rank).value_or(FloatArray{});
  history.model_output_0 = optional_floats(path + "/model_output_0", rank).value_or(FloatArray{});
  history.model_output_1 = optional_floats(path + "/model_output_1", rank).value_or(FloatArray{});
  return history;
}

// Opens `path` and hands its Reader to `use`, with every failure named as the file's.
template <class Use>
auto with_reader(const fs::path& path, Use use) {
  const hdf5::Session session;
  try {
    return use(Reader(path));
  } catch (const InputError&) {
    throw;
  } catch (const Error& e) {
    throw InputError(path.string() + ": damaged, or not readable as a latent file: " + e.what());
  }
}

}  // namespace

LatentFile read_latents(const fs::path& path) {
  return with_reader(path, [](const Reader& reader) { return reader.read(); });
}

LatentHeader read_latent_header(const fs::path& path) {
  return with_reader(path, [](const Reader& reader) { return reader.header(); });
}

std::string hdf5_version() {
  const hdf5::Session session;
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  hdf5::check(H5get_libversion(&major, &minor, &release), "ask for the version of HDF5");
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
}

}  // namespace orrery
