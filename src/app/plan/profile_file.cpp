#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "app/plan/clip_work.h"
#include "app/plan/machine_profile.h"
#include "base/core/error.h"
#include "base/core/file.h"
#include "base/core/json.h"

namespace orrery {
namespace {

// Work and the seconds it took.
struct Measured {
  double work = 0;
  double seconds = 0;

  void add(double more, double ms) {
    work += more;
    seconds += ms / 1e3;
  }
  double rate() const { return seconds > 0 ? work / seconds : 0; }
};

using ByTokens = std::map<double, Measured>;

RateCurve curve_of(const ByTokens& measured) {
  std::vector<RateCurve::Point> points;
  for (const auto& [tokens, each] : measured) {
    if (each.rate() > 0) points.push_back({tokens, each.rate()});
  }
  return RateCurve(std::move(points));
}

struct MeasuredStep {
  ByTokens attention, products, memory;

  StepRates rates() const { return {curve_of(attention), curve_of(products), curve_of(memory)}; }
};

// A line's clip.
struct ClipSize {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t frames = 0;

  double pixels() const { return static_cast<double>(width * height * frames); }
  double tokens() const {
    constexpr std::int64_t kPatch = 32, kFrames = 4;  // pixels and frames of a token
    const auto patches = [](std::int64_t side) { return (side + kPatch - 1) / kPatch; };
    const std::int64_t latent_frames = (frames - 1) / kFrames + 1;
    return static_cast<double>(latent_frames * patches(width) * patches(height));
  }
  double sound_steps() const {
    constexpr double kBenchFps = 24, kStepsPerSecond = 25;
    return std::ceil(static_cast<double>(frames) / kBenchFps * kStepsPerSecond);
  }
};

ClipSize size_of(const Json& line) {
  const auto size = line.at("size").get<std::string>();
  const std::size_t cross = size.find('x');
  return {std::stoll(size.substr(0, cross)), std::stoll(size.substr(cross + 1)), line.at("frames")};
}

// What a run with tensor parallelism waits for, and what its sums take alone.
struct Sums {
  double waited_ms = 0;
  double attention_calls = 0;  // two sums each
  double alone_ms = 0;         // of one
};

class ProfileReader {
 public:
  void add(const Json& line) {
    device_ = line.at("device");
    const auto what = line.at("what").get<std::string>(), name = line.at("name").get<std::string>();
    const double ms = line.at("median_ms");
    const std::int64_t ranks = line.at("topology").at("ranks");
    constexpr std::string_view kPhase = "phase: ";
    if (what == "step" && name.starts_with(kPhase)) add_phase(line, name.substr(kPhase.size()), ms);
    if (what == "vae" && name.starts_with("clip") && ranks == 1) decode_.add(size_of(line).pixels(), ms);
    if (what == "sound") sound_.add(size_of(line).sound_steps(), ms);
    if (what == "collectives" && name.starts_with("all-to-all")) {
      exchange_.add(line.at("gbps").get<double>() * 1e6 * ms, ms);
    }
    if (what == "collectives" && name == "all-reduce over tp") {
      link_.add(line.at("gbps").get<double>() * 1e6 * ms, ms);
      sums_[line.at("topology").dump() + line.at("size").dump()].alone_ms = ms;
    }
  }

  const std::string& device() const { return device_; }

  MeasuredProfile profile(const MachineProfile& otherwise) const {
    MeasuredProfile result{otherwise, {}};
    MachineProfile& machine = result.machine;
    machine.device = device_;
    machine.attention = kernel_or_another(otherwise.attention);
    machine.plain = rates(machine.attention, "bf16");
    machine.float8 = rates(machine.attention, "fp8");
    machine.float8_attention = float8_attention(machine.attention);
    const auto take = [&](double& target, const Measured& measured, const char* what) {
      if (measured.rate() > 0) {
        target = measured.rate();
      } else {
        result.borrowed.emplace_back(what);
      }
    };
    take(machine.link, link_, "sums over ranks");
    machine.exchange = exchange_.rate() > 0 ? exchange_.rate() : link_.rate() > 0 ? link_.rate() : machine.exchange;
    take(machine.decoded_pixels, decode_, "decoding");
    take(machine.sound_steps, sound_, "sound");
    machine.waited_for = waited_for().value_or(otherwise.waited_for);
    return result;
  }

 private:
  AttentionKernel kernel_or_another(AttentionKernel wanted) const {
    AttentionKernel found = wanted;
    for (const AttentionKernel each : {AttentionKernel::Aten, AttentionKernel::Cudnn, AttentionKernel::Fa3, wanted}) {
      if (steps_.contains(name_of(each))) found = each;
    }
    return found;
  }

  StepRates rates(AttentionKernel kernel, const std::string& gemm) const {
    const auto of_kernel = steps_.find(name_of(kernel));
    if (of_kernel == steps_.end()) return {};
    const auto step = of_kernel->second.find(gemm);
    return step == of_kernel->second.end() ? StepRates{} : step->second.rates();
  }

  RateCurve float8_attention(AttentionKernel kernel) const {
    const auto found = float8_attention_.find(name_of(kernel));
    return found == float8_attention_.end() ? RateCurve() : curve_of(found->second);
  }

  void add_phase(const Json& line, const std::string& phase, double ms) {
    // Lines without "attention" are older than the choice.
    const std::string kernel = line.value("attention", "cudnn");
    MeasuredStep& step = steps_[kernel][line.value("gemm", "bf16")];
    const bool float8 = line.value("attention_format", "bf16") == "fp8";
    const Json& topology = line.at("topology");
    const double all_tokens = size_of(line).tokens(), tokens = all_tokens / topology.value("sp", 1);
    const double flops = line.value("tflops", 0.0) * 1e9 * ms, bytes = line.value("gbps", 0.0) * 1e6 * ms;
    const bool is_shared = topology.at("tp") > 1;
    Sums* const sums = is_shared ? &sums_[topology.dump() + line.at("size").dump()] : nullptr;
    switch (kind_of(phase)) {
      case PhaseKind::Attention:
        (float8 ? float8_attention_[kernel] : step.attention)[all_tokens].add(flops, ms);
        if (sums != nullptr) sums->attention_calls += line.at("calls").get<double>();
        break;
      case PhaseKind::Product:
        step.products[tokens].add(flops, ms);
        break;
      case PhaseKind::Memory:
        step.memory[tokens].add(bytes, ms);
        break;
      case PhaseKind::Exchange:
        if (sums != nullptr) sums->waited_ms += ms;
    }
  }

  std::optional<double> waited_for() const {
    double waited = 0, alone = 0;
    for (const auto& [run, sums] : sums_) {
      if (sums.alone_ms == 0) continue;
      waited += sums.waited_ms;
      alone += 2 * sums.attention_calls * sums.alone_ms;
    }
    return alone > 0 ? std::optional(waited / alone) : std::nullopt;
  }

  std::string device_;
  std::map<std::string, std::map<std::string, MeasuredStep>> steps_;  // by attention's kernel, then by --gemm
  std::map<std::string, ByTokens> float8_attention_;                  // by its kernel
  std::map<std::string, Sums> sums_;                                  // by topology and size
  Measured link_, exchange_, decode_, sound_;
};

[[noreturn]] void refuse_other_device(const std::string& where, const std::string& device, const std::string& before) {
  throw InputError(
      fmt::format("{}measured on {}, the lines before on {}: a profile is of one device", where, device, before));
}

}  // namespace

MeasuredProfile read_profile(const std::filesystem::path& file, const MachineProfile& otherwise) {
  const std::string text = read_file(file);
  ProfileReader reader;
  std::string_view rest = text;
  for (int number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string where = fmt::format("{}:{}: ", file.string(), number);
    const std::string before = reader.device();
    try {
      if (end > 0) reader.add(parse_json(rest.substr(0, end)));
    } catch (const std::exception&) {
      throw InputError(where + "not a line of orrery bench --json: make the file with it");
    }
    if (!before.empty() && before != reader.device()) refuse_other_device(where, reader.device(), before);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  MeasuredProfile profile = reader.profile(otherwise);
  require_input(!profile.machine.plain.attention.empty(),
                file.string() + ": has no step with --gemm bf16: make it with orrery bench --json, without --what");
  return profile;
}

}  // namespace orrery
