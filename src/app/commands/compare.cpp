#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "app/commands/commands.h"
#include "app/inspect/difference.h"
#include "base/core/error.h"
#include "base/core/json.h"
#include "base/core/numbers.h"
#include "base/core/terminal_text.h"
#include "io/latents/latent_store.h"
#include "io/media/media_reader.h"
#include "io/media/sound_files.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

// One compared part: "video", "sound" or "pictures".
struct Part {
  std::string name;
  Difference difference;
  double peak;      // peak of the signal, for the PSNR
  double unit = 1;  // value of one unit of --tolerance
};

struct Comparison {
  std::vector<Part> parts;
  std::vector<std::string> remarks;  // differences other than of values
  bool is_longer = false;            // whether one video or sound is longer than the other
};

bool is_latent_file(const fs::path& path) { return path.extension() == ".h5"; }

// Compares frame by frame, although channels are the slower axis: (1, C, t, …) as t frames of C parts.
Difference difference_of(const FloatArray& a, const FloatArray& b) {
  const auto frames = static_cast<std::size_t>(a.shape.at(2));
  const auto channels = static_cast<std::size_t>(a.shape[1]);
  const std::size_t size = a.values.size() / (frames * channels);
  Difference difference;
  std::vector<float> expected(channels * size), found(channels * size);
  for (std::size_t t = 0; t < frames; ++t) {
    for (std::size_t c = 0; c < channels; ++c) {
      const auto from = static_cast<std::ptrdiff_t>((c * frames + t) * size);
      const auto to = static_cast<std::ptrdiff_t>(c * size);
      std::copy_n(a.values.begin() + from, size, expected.begin() + to);
      std::copy_n(b.values.begin() + from, size, found.begin() + to);
    }
    difference.add_frame<float>(expected, found);
  }
  return difference;
}

void add_latents(Comparison& all, const std::string& name, const FloatArray& a, const FloatArray& b,
                 const Options& options) {
  require_input(a.shape == b.shape,
                fmt::format("{}: {} latents of shape {} cannot be compared with {} of {}", options.files[1].string(),
                            name, shape_text(b.shape), shape_text(a.shape), options.files[0].string()));
  const Difference difference = difference_of(a, b);
  all.parts.push_back({name, difference, difference.range()});
}

int step_of(const LatentFile& file) {
  return file.running ? file.running->step : static_cast<int>(file.timesteps.size());
}

// Adds a remark about the first step in which the noise levels differ, if any, over the steps of both.
void compare_schedules(Comparison& all, const LatentFile& a, const LatentFile& b) {
  if (step_of(a) != step_of(b)) {
    all.remarks.push_back(fmt::format("steps done: {} and {}", step_of(a), step_of(b)));
  }
  const auto [first, second] = std::mismatch(a.sigmas.begin(), a.sigmas.end(), b.sigmas.begin(), b.sigmas.end());
  if (first == a.sigmas.end() && second == b.sigmas.end()) return;
  all.remarks.push_back(fmt::format("first differing step of the schedules: {}", first - a.sigmas.begin()));
}

Comparison compare_latents(const Options& options) {
  const LatentFile a = read_latents(options.files[0]);
  const LatentFile b = read_latents(options.files[1]);
  Comparison all;
  for (const StreamSchema& schema : kStreams) {
    const bool there = a.latents.contains(schema.stream);
    require_input(there == b.latents.contains(schema.stream),
                  options.files[there ? 1 : 0].string() + ": has no " + schema.name + ", and the other file has");
    if (there) add_latents(all, schema.name, a.latents.at(schema.stream), b.latents.at(schema.stream), options);
  }
  compare_schedules(all, a, b);
  if (a.request != b.request) all.remarks.emplace_back("the requests differ");
  if (a.model != b.model) all.remarks.emplace_back("the models differ");
  return all;
}

std::string format_text(const Waveform& wave) {
  return fmt::format("{} at {} Hz", count_text(wave.channels, "channel"), wave.rate);
}

// Compares sounds; a frame is a sample of all channels.
void compare_sounds(Comparison& all, const Options& options) {
  const std::optional<Waveform> a = read_sound(options.files[0]), b = read_sound(options.files[1]);
  if (!a && !b) return;
  if (!a || !b) {
    all.is_longer = true;
    all.remarks.push_back("only " + options.files[a ? 0 : 1].string() + " has sound");
    return;
  }
  require_input(a->channels == b->channels && a->rate == b->rate,
                fmt::format("{}: sound of {} cannot be compared with {} of {}", options.files[1].string(),
                            format_text(*b), format_text(*a), options.files[0].string()));
  const auto channels = static_cast<std::size_t>(a->channels);
  Difference difference;
  for (std::size_t i = 0; i < std::min(a->samples.size(), b->samples.size()); i += channels) {
    difference.add_frame<float>({a->samples.data() + i, channels}, {b->samples.data() + i, channels});
  }
  if (a->length() != b->length()) {
    all.is_longer = true;
    all.remarks.push_back(fmt::format("samples of sound: {} and {}", a->length(), b->length()));
  }
  constexpr double kRange = 2;  // from -1 to 1
  all.parts.push_back({"sound", difference, kRange, kRange / 255});
}

Comparison compare_media(const Options& options) {
  VideoReader a(options.files[0]);
  VideoReader b(options.files[1]);
  require_input(a.width() == b.width() && a.height() == b.height(),
                fmt::format("{}: pictures of {}x{} cannot be compared with {}x{} of {}", options.files[1].string(),
                            b.width(), b.height(), a.width(), a.height(), options.files[0].string()));
  Comparison all;
  Difference difference;
  RgbImage expected, found;
  while (true) {
    const bool first = a.next(expected);
    const bool second = b.next(found);
    if (first != second) {
      all.is_longer = true;
      all.remarks.push_back(
          fmt::format("only {} has a frame {}", options.files[first ? 0 : 1].string(), difference.frames()));
    }
    if (!first || !second) break;
    difference.add_frame<std::uint8_t>(expected.rgb, found.rgb);
  }
  all.parts.push_back({"pictures", difference, 255});
  compare_sounds(all, options);
  return all;
}

std::string number(double value) { return fmt::format("{:.6g}", value); }

// A number as JSON; null for infinity, which JSON lacks.
Json json_number(double value) { return std::isfinite(value) ? Json(value) : Json(); }

std::string table_of(const Comparison& all) {
  TextTable table({"", "max abs", "relative RMS", "PSNR (dB)", "frames", "first differing"}, 1);
  for (const Part& part : all.parts) {
    const auto first = part.difference.first_differing_frame();
    table.add({part.name, number(part.difference.max_abs()), number(part.difference.relative_rms()),
               number(part.difference.psnr(part.peak)), fmt::to_string(part.difference.frames()),
               first ? fmt::to_string(*first) : "none"});
  }
  std::string text = table.text();
  for (const std::string& remark : all.remarks) text.append(printable(remark)).append("\n");
  return text;
}

Json to_json(const Comparison& all, bool within) {
  Json json;
  for (const Part& part : all.parts) {
    const auto first = part.difference.first_differing_frame();
    json[part.name] = {{"max_abs", json_number(part.difference.max_abs())},
                       {"relative_rms", json_number(part.difference.relative_rms())},
                       {"psnr", json_number(part.difference.psnr(part.peak))},
                       {"frames", part.difference.frames()},
                       {"first_differing_frame", first ? Json(*first) : Json()}};
  }
  json["remarks"] = all.remarks;
  json["within_tolerance"] = within;
  return json;
}

}  // namespace

int compare(const Options& options, std::ostream& out) {
  const bool latents = is_latent_file(options.files[0]);
  require_input(latents == is_latent_file(options.files[1]),
                options.files[1].string() + ": another kind of file than " + options.files[0].string() +
                    ": two latent files (.h5) or two media files can be compared");
  const Comparison all = latents ? compare_latents(options) : compare_media(options);
  const bool within = !all.is_longer && std::all_of(all.parts.begin(), all.parts.end(), [&](const Part& part) {
    return part.difference.max_abs() <= options.tolerance * part.unit;
  });
  if (options.json) {
    out << json_text(to_json(all, within)) << "\n";
  } else {
    out << table_of(all);
  }
  return within ? 0 : 1;
}

}  // namespace orrery
