#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/core/error.h"
#include "io/latents/hdf5_data.h"
#include "io/latents/latent_store.h"
#include "io/latents/streams.h"
#include "io/latents/structure.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using namespace latent_format;

// Reads one open file. Throws InputError for wrong content; Error, to which the caller adds the file, where HDF5 fails.
class Reader {
 public:
  explicit Reader(const fs::path& path) : name_(path.string()), structure_(path), file_(hdf5::open_to_read(name_)) {}

  LatentFile read() const;
  LatentFile read_list() const;
  LatentHeader header() const;

 private:
  LatentFile::State read_identity() const;
  std::string text_or_empty(const char* attribute) const;
  std::vector<ListedChunk> chunks() const;
  bool has(const std::string& path) const { return structure_.datasets().contains(path); }
  hdf5::Dataset open_whole(const std::string& path) const;
  FloatArray floats(const std::string& path, std::size_t rank, const char* shape) const;
  FloatArray floats(const std::string& path, const StreamSchema& schema) const;
  FloatArray floats_or_empty(const std::string& path, const StreamSchema& schema) const;
  Streams<FloatArray> latents() const;
  Streams<FloatArray> condition() const;
  Streams<std::int64_t> steps() const;
  std::uint64_t steps_of(const StreamSchema& schema) const;
  std::vector<std::int64_t> integers(const std::string& path) const;
  std::vector<double> timesteps() const;
  int counter(const std::string& group, const char* attribute) const;
  RunningState running(const Streams<FloatArray>& latents) const;
  SamplerHistory history(const StreamSchema& schema) const;
  void read_cache(RunningState& state) const;
  void require_plausible_steps(const StreamSchema& schema) const;
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
  if (has(kSigmas)) header.sigmas = floats(kSigmas, 1, "one axis").values;
  header.steps = steps();
  header.chunks = chunks();
  return header;
}

LatentFile Reader::read() const {
  LatentFile file = read_list();
  require_input(file.chunks.empty(), "it has no latents of its own: its long clip's are in " + names_of(file.chunks) +
                                         ", beside it: name these");
  file.latents = latents();
  file.condition = condition();
  if (file.state == LatentFile::State::Running) file.running = running(file.latents);
  return file;
}

LatentFile Reader::read_list() const {
  LatentHeader header = this->header();
  LatentFile file;
  file.state = header.state;
  file.request = std::move(header.request);
  file.inputs = std::move(header.inputs);
  file.model = std::move(header.model);
  file.software = text_or_empty("software");
  file.created = text_or_empty("created");
  file.chunks = std::move(header.chunks);
  file.cond_ids = std::move(header.cond_ids);
  file.uncond_ids = std::move(header.uncond_ids);
  file.sigmas = std::move(header.sigmas);
  file.timesteps = timesteps();
  return file;
}

LatentFile::State Reader::read_identity() const {
  const std::optional<std::string> format = hdf5::read_string(file_.get(), "format");
  const auto quoted = [](const std::optional<std::string>& text) { return text ? '"' + *text + '"' : "missing"; };
  require_input(format == kFormat,
                fmt::format("not an Orrery latent file: the root attribute format is {}, expected \"{}\"",
                            quoted(format), kFormat));
  const std::optional<std::int64_t> version = hdf5::read_integer(file_.get(), "version");
  require_input(version.has_value(), fmt::format("latent file version missing, expected {}", kVersion));
  if (version != kVersion) {
    throw OtherVersion(
        fmt::format("{}: latent file version {}, this program reads version {}: read it with the program that wrote it",
                    name_, *version, kVersion));
  }
  const std::optional<std::string> state = hdf5::read_string(file_.get(), "state");
  require_input(state == kComplete || state == kRunning,
                fmt::format("the root attribute state is {}, expected \"complete\" or \"running\"", quoted(state)));
  return state == kComplete ? LatentFile::State::Complete : LatentFile::State::Running;
}

std::string Reader::text_or_empty(const char* attribute) const {
  return hdf5::read_string(file_.get(), attribute).value_or("");
}

std::vector<ListedChunk> Reader::chunks() const {
  const std::string text = text_or_empty("chunks");
  if (text.empty()) return {};
  try {
    return parse_chunk_list(text);
  } catch (const InputError& e) {
    throw InputError(name_ + ": the root attribute chunks: " + e.what());
  }
}

FloatArray Reader::floats(const std::string& path, std::size_t rank, const char* shape) const {
  require_input(has(path), "no dataset " + path);
  const hdf5::StoredValues& stored = structure_.datasets().at(path);
  require_input(stored.type.is_float, path + ": found values of type " + stored.type.name +
                                          ", expected floating-point numbers of HDF5's own: convert them to float32");
  FloatArray array{{stored.shape.extents.begin(), stored.shape.extents.end()}, {}};
  const bool filled = std::all_of(array.shape.begin(), array.shape.end(), [](std::int64_t n) { return n > 0; });
  require_input(array.shape.size() == rank && filled && (rank == 1 || array.shape.front() == 1),
                path + " has shape " + shape_text(array.shape) + ", expected " + shape);
  array.values = hdf5::read_floats(open_whole(path));
  return array;
}

FloatArray Reader::floats(const std::string& path, const StreamSchema& schema) const {
  return floats(path, schema.rank, schema.shape);
}

FloatArray Reader::floats_or_empty(const std::string& path, const StreamSchema& schema) const {
  return has(path) ? floats(path, schema) : FloatArray{};
}

Streams<FloatArray> Reader::latents() const {
  Streams<FloatArray> latents;
  for (const StreamSchema& schema : kStreams) {
    if (!schema.required && !has(schema.latents)) continue;
    if (schema.steps_to_a_frame > 0) require_plausible_steps(schema);
    latents[schema.stream] = floats(schema.latents, schema);
  }
  return latents;
}

Streams<FloatArray> Reader::condition() const {
  Streams<FloatArray> condition;
  for (const StreamSchema& schema : kStreams) {
    if (schema.condition != nullptr && has(schema.condition)) {
      condition[schema.stream] = floats(schema.condition, schema);
    }
  }
  return condition;
}

Streams<std::int64_t> Reader::steps() const {
  Streams<std::int64_t> steps;
  for (const StreamSchema& schema : kStreams) {
    if (has(schema.latents)) steps[schema.stream] = static_cast<std::int64_t>(steps_of(schema));
  }
  return steps;
}

// Returns 0 for a wrong number of axes, which is refused when the values are read.
std::uint64_t Reader::steps_of(const StreamSchema& schema) const {
  const std::vector<std::uint64_t>& shape = structure_.datasets().at(schema.latents).shape.extents;
  return shape.size() == schema.rank ? shape[kTimeAxis] : 0;
}

std::vector<std::int64_t> Reader::integers(const std::string& path) const {
  if (!has(path)) return {};
  const hdf5::StoredValues& stored = structure_.datasets().at(path);
  require_input(stored.type.is_integer && stored.shape.extents.size() == 1,
                fmt::format("{}: found values of type {} with {} axes, expected one axis of whole numbers", path,
                            stored.type.name, stored.shape.extents.size()));
  return hdf5::read_integers(open_whole(path));
}

// The timesteps: whole numbers, or the fractions of a few-step checkpoint.
std::vector<double> Reader::timesteps() const {
  if (has(kTimesteps) && structure_.datasets().at(kTimesteps).type.is_float) {
    const std::vector<float> values = floats(kTimesteps, 1, "one axis").values;
    return {values.begin(), values.end()};
  }
  const std::vector<std::int64_t> values = integers(kTimesteps);
  return {values.begin(), values.end()};
}

hdf5::Dataset Reader::open_whole(const std::string& path) const {
  structure_.require_whole(path);
  return hdf5::open_dataset(file_.get(), path);
}

void Reader::require_plausible_steps(const StreamSchema& schema) const {
  const std::uint64_t own = steps_of(schema), frames = steps_of(schema_of(Stream::Video));
  require_input(
      own <= schema.steps_to_a_frame * frames,
      fmt::format("{} has {} steps beside {} latent frames: they are not of one clip", schema.latents, own, frames));
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

RunningState Reader::running(const Streams<FloatArray>& latents) const {
  RunningState state;
  state.step = counter(kSampler, "step");
  for (const auto& [stream, unused] : latents) state.histories[stream] = history(schema_of(stream));
  if (hdf5::has_path(file_.get(), kCache)) read_cache(state);
  return state;
}

void Reader::read_cache(RunningState& state) const {
  const hdf5::Group group(hdf5::check(H5Gopen2(file_.get(), kCache, H5P_DEFAULT), fmt::format("open {}", kCache)));
  state.cache = hdf5::read_string(group.get(), "state").value_or("");
  const std::string folder = std::string(kCache) + "/";
  for (const auto& [path, stored] : structure_.datasets()) {
    if (!path.starts_with(folder)) continue;
    const std::string name = path.substr(folder.size());
    state.cache_arrays[name] = floats(path, schema_of_cached(name));
  }
}

SamplerHistory Reader::history(const StreamSchema& schema) const {
  const std::string path = schema.history;
  SamplerHistory history;
  history.lower_order_steps = counter(path, "lower_order_steps");
  history.last_order = counter(path, "last_order");
  history.last_sample = floats_or_empty(path + "/last_sample", schema);
  history.model_output_0 = floats_or_empty(path + "/model_output_0", schema);
  history.model_output_1 = floats_or_empty(path + "/model_output_1", schema);
  return history;
}

// Opens `path` and calls use(reader); every failure names the file.
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

LatentFile read_chunk_list(const fs::path& path) {
  return with_reader(path, [](const Reader& reader) { return reader.read_list(); });
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
  return fmt::format("{}.{}.{}", major, minor, release);
}

}  // namespace orrery
