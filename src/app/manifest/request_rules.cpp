#include "app/manifest/request_rules.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <limits>
#include <span>
#include <string_view>
#include <system_error>

#include "base/core/numbers.h"
#include "io/media/media_reader.h"
#include "pipeline/chunks.h"

namespace orrery {
namespace {

constexpr std::int64_t kMaxFrames = 100001;
constexpr std::int64_t kMaxSide = 16384;
constexpr std::int64_t kMaxSteps = 1000;
constexpr std::int64_t kMaxCacheOrder = 2;
constexpr double kMaxTimestep = 1001;                       // above every step's timestep
constexpr std::int64_t kMaxTokens = std::int64_t{1} << 22;  // 95 times the published 720p clip; nothing larger fits
constexpr double kMinFps = 0.01;
constexpr double kMaxFps = 1000;
constexpr std::size_t kMaxIdLength = 200;  // leaves room for ".h5.tmp" in the 255 bytes of a file name

bool between(std::int64_t value, std::int64_t low, std::int64_t high) { return low <= value && value <= high; }

std::string range_reason(std::int64_t found, std::int64_t low, std::int64_t high) {
  return fmt::format("{} is outside {} to {}", found, low, high);
}

std::string frames_reason(std::int64_t frames) {
  if (!between(frames, 1, kMaxFrames)) return range_reason(frames, 1, kMaxFrames);
  if (frames % 4 == 1) return "";
  const std::int64_t nearest = (frames + 1) / 4 * 4 + 1;
  return fmt::format("{} is not a multiple of 4, plus 1 (nearest: {})", frames, nearest);
}

std::string chunk_frames_reason(std::int64_t frames) {
  constexpr std::int64_t kLeast = 5;
  const std::string reason = frames_reason(frames);
  if (!reason.empty() || frames >= kLeast) return reason;
  return fmt::format("{} leaves no frames for what a chunk adds to the one before: at least {}", frames, kLeast);
}

std::string chunk_overlap_reason(const Request& r) {
  const std::int64_t most = r.chunk_frames.value_or(kMaxFrames) - 4;
  const std::string reason = frames_reason(r.chunk_overlap);
  if (!reason.empty() || r.chunk_overlap <= most) return reason;
  return fmt::format("{} leaves a chunk of {} frames none of its own: at most {}", r.chunk_overlap, most + 4, most);
}

std::string side_reason(std::int64_t side) {
  if (!between(side, 16, kMaxSide)) return range_reason(side, 16, kMaxSide);
  if (side % 16 == 0) return "";
  const std::int64_t nearest = (side + 8) / 16 * 16;
  return fmt::format("{} is not a multiple of 16 (nearest: {})", side, nearest);
}

std::string tokens_reason(const Request& r) {
  const std::vector<std::int64_t> video = r.extents().at(Stream::Video);
  const std::int64_t tokens = r.latent_frames_at_once() * step_tokens(std::span(video).subspan(1));
  if (tokens <= kMaxTokens) return "";
  return fmt::format("the clip has {} tokens at {}x{}, at most {} are allowed: make it shorter or smaller", tokens,
                     r.width, r.height, kMaxTokens);
}

std::string fps_reason(double fps) {
  if (fps >= kMinFps && fps <= kMaxFps) return "";
  return fmt::format("{} is outside {} to {} frames per second", number_text(fps), number_text(kMinFps),
                     number_text(kMaxFps));
}

// Refuses a clip whose last chunk has no seed: each chunk has the one after that of the chunk before.
std::string seed_reason(const Request& r) {
  constexpr std::uint64_t kLargest = std::numeric_limits<std::uint32_t>::max();
  const std::uint64_t last = r.seed + chunks_of(r).size() - 1;
  return last <= kLargest ? "" : fmt::format("the chunks' seeds, from {} to {}, go beyond {}", r.seed, last, kLargest);
}

// Refuses null characters, at which text files, metadata and HDF5 would end the text.
std::string null_reason(const std::string& text) {
  const std::size_t place = text.find('\0');
  if (place == std::string::npos) return "";
  return fmt::format("byte {} is a null character (\\u0000): remove it", place + 1);
}

bool is_ratio(std::string_view text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) return false;
  const auto is_side = [](std::string_view side) {
    return !side.empty() && side.size() <= 5 && side.find_first_not_of("0123456789") == std::string_view::npos &&
           side.find_first_not_of('0') != std::string_view::npos;
  };
  return is_side(text.substr(0, comma)) && is_side(text.substr(comma + 1));
}

std::string ids_reason(const std::optional<std::vector<std::int64_t>>& ids) {
  if (!ids) return "";
  if (ids->empty()) return "the list is empty";
  const auto negative = std::find_if(ids->begin(), ids->end(), [](std::int64_t id) { return id < 0; });
  return negative == ids->end() ? "" : fmt::format("{} is not a token id: ids start at 0", *negative);
}

// Checks that a clip that starts from images has as many given frames as images.
std::string image_count_reason(const Request& r) {
  const bool from_images = !r.image.empty() && r.video.empty() && r.continued_video.empty() && r.parent.empty();
  const std::size_t images = r.last_image.empty() ? 1 : 2;
  if (!from_images || r.condition_frames.size() == images) return "";
  return fmt::format("{} {} listed, {}", r.condition_frames.size(),
                     r.condition_frames.size() == 1 ? "frame is" : "frames are",
                     images == 1 ? "an image is one" : "image and last_image are two");
}

std::string all_given_reason(const Request& r) {
  if (!r.conditioned() || r.sound || std::ssize(r.condition_frames) < r.latent_frames_at_once()) return "";
  if (r.picture()) return "the only frame is given, and none is left to make: give the clip more num_frames";
  return "all frames of the clip are given, and none is left to make";
}

std::string last_image_reason(const Request& r) {
  if (r.last_image.empty()) return "";
  if (r.is_long()) return "a clip that is made in chunks cannot end with a given picture: leave out one of the two";
  if (r.latent_frames() > 1) return "";
  return "a clip of one frame cannot begin with one picture and end with another: give it more num_frames";
}

// Checks the length of a clip that begins with frames of a video or another clip, with default condition_frames.
std::string length_reason(const Request& r) {
  const bool continues = !r.video.empty() || !r.continued_video.empty() || r.encodes_parent;
  const std::int64_t least = r.sound ? 2 : 3;
  const bool as_by_default = r.condition_frames == std::vector<std::int64_t>{0, 1};
  if (!continues || !as_by_default || r.latent_frames_at_once() >= least) return "";
  return fmt::format("{} is too short for a clip that begins with five frames of another: at least {}", r.num_frames,
                     r.sound ? 5 : 9);
}

std::string condition_reason(const Request& r) {
  if (r.condition_frames.empty()) return "the list is empty";
  const std::int64_t* previous = nullptr;
  for (const std::int64_t& frame : r.condition_frames) {
    const std::int64_t last = r.latent_frames_at_once() - 1;
    if (!between(frame, 0, last)) {
      return fmt::format("{} is not a latent frame of the clip{}, which has 0 to {}", frame,
                         r.is_long() ? "'s first chunk" : "", last);
    }
    if (previous != nullptr && frame == *previous) return fmt::format("{} is listed twice", frame);
    if (previous != nullptr && frame < *previous) {
      return fmt::format("{} follows {}: the frames must increase", frame, *previous);
    }
    previous = &frame;
  }
  const std::string count = image_count_reason(r);
  return count.empty() ? all_given_reason(r) : count;
}

std::string interval_reason(const std::optional<GuidanceInterval>& interval) {
  if (!interval || (interval->low >= 0 && interval->low < interval->high && interval->high <= kMaxTimestep)) {
    return "";
  }
  return fmt::format("[{}, {}] is not a lower and a higher timestep from 0 to 1001", number_text(interval->low),
                     number_text(interval->high));
}

namespace fs = std::filesystem;

std::string file_reason(const fs::path& file) {
  std::error_code ignored;
  const fs::file_status status = fs::status(file, ignored);
  if (!fs::exists(status)) {
    const bool may_be_id = file.extension().empty();
    return file.string() + ": no such file" +
           (may_be_id ? ", and no earlier line has the id " + file.filename().string() : "");
  }
  if (fs::is_directory(status)) return file.string() + ": it is a folder, not a file";
  if (::access(file.c_str(), R_OK) != 0) return file.string() + ": " + std::strerror(errno);
  return "";
}

}  // namespace

std::vector<FieldProblem> check_request(const Request& r) {
  std::vector<FieldProblem> problems;
  const auto check = [&](const char* field, const std::string& reason) {
    if (!reason.empty()) problems.push_back({field, reason});
  };
  check("num_frames", frames_reason(r.num_frames));
  if (r.chunk_frames) check("chunk_frames", chunk_frames_reason(*r.chunk_frames));
  if (problems.empty()) check("chunk_overlap", chunk_overlap_reason(r));
  check("height", side_reason(r.height));
  check("width", side_reason(r.width));
  if (problems.empty()) {
    check("num_frames", tokens_reason(r));
    check("seed", seed_reason(r));
    const std::string length = length_reason(r), last_image = last_image_reason(r);
    check("num_frames", length);
    check("last_image", last_image);
    if (length.empty() && last_image.empty()) check("condition_frames", condition_reason(r));
  }
  check("sound", r.picture() && r.sound ? "a clip of one frame is a picture, which has no sound" : "");
  check("prompt", null_reason(r.prompt));
  check("negative_prompt", null_reason(r.negative_prompt.value_or("")));
  check("fps", fps_reason(r.fps));
  check("steps", between(r.steps, 1, kMaxSteps) ? "" : range_reason(r.steps, 1, kMaxSteps));
  check("guidance_scale", std::isfinite(r.guidance_scale) && r.guidance_scale >= 0
                              ? ""
                              : number_text(r.guidance_scale) + " is not a finite number of at least 0");
  check("guidance_interval", interval_reason(r.guidance_interval));
  check("step_cache", std::isfinite(r.step_cache.threshold) && r.step_cache.threshold >= 0
                          ? ""
                          : number_text(r.step_cache.threshold) + " is not a finite number of at least 0");
  check("step_cache_skips",
        between(r.step_cache.skips, 0, kMaxSteps) ? "" : range_reason(r.step_cache.skips, 0, kMaxSteps));
  check("step_cache_order",
        between(r.step_cache.order, 0, kMaxCacheOrder) ? "" : range_reason(r.step_cache.order, 0, kMaxCacheOrder));
  check("flow_shift", std::isfinite(r.flow_shift) && r.flow_shift > 0
                          ? ""
                          : number_text(r.flow_shift) + " is not a finite number above 0");
  check("aspect_ratio", !r.aspect_ratio || is_ratio(*r.aspect_ratio)
                            ? ""
                            : "\"" + *r.aspect_ratio + "\" is not WIDTH,HEIGHT in digits, for example \"16,9\"");
  check("prompt_token_ids", ids_reason(r.prompt_token_ids));
  check("negative_token_ids", ids_reason(r.negative_token_ids));
  return problems;
}

std::string check_id(const std::string& id) {
  if (id.empty()) return "it is empty: it names the clip's files";
  if (id.size() > kMaxIdLength) {
    return fmt::format("{} characters are too long for a file name: at most {}", id.size(), kMaxIdLength);
  }
  if (id == "." || id == "..") return "\"" + id + "\" is a folder, not a name for files";
  const auto allowed = [](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-');
  };
  if (std::all_of(id.begin(), id.end(), allowed)) return "";
  return "\"" + id + "\" has other characters than letters, digits, '.', '_' and '-'";
}

const std::string& MediaProblems::of_image(const fs::path& file) {
  const auto [place, is_new] = images_.try_emplace(file);
  if (is_new) place->second = image_problem(file);
  return place->second;
}

const std::string& MediaProblems::of_video(const fs::path& file) {
  const auto [place, is_new] = videos_.try_emplace(file);
  if (is_new) place->second = video_problem(file);
  return place->second;
}

std::vector<std::string> missing_inputs(const Request& request, MediaProblems& media) {
  std::vector<std::string> missing;
  for (const auto& [key, path, pixels] : request.input_files()) {
    std::string reason = file_reason(path);
    const bool is_image = std::string_view(key).ends_with("image");
    if (reason.empty() && pixels) reason = is_image ? media.of_image(path) : media.of_video(path);
    if (!reason.empty()) missing.push_back(std::string(key) + ": " + reason);
  }
  if (request.continued_video.extension() == ".h5") {
    missing.push_back("continues: " + request.continued_video.string() +
                      ": it is a latent file, expected a video or the id of an earlier line; condition_latents takes "
                      "latents as they are");
  }
  return missing;
}

}  // namespace orrery
