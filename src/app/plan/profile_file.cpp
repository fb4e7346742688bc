#include <fmt/format.h>

#include <algorithm>
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
#include "pipeline/request.h"

namespace orrery {
namespace {

// An amount of work and its time.
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

// The size of the clip that a line was measured with.
Request clip_of(const Json& line) {
  const auto size = line.at("size").get<std::string>();
  const std::size_t cross = size.find('x');
  Request clip;
  clip.width = std::stoll(size.substr(0, cross));
  clip.height = std::stoll(size.substr(cross + 1));
  clip.num_frames = line.at("frames");
  return clip;
}

double pixels_of(const Request& clip) { return static_cast<double>(clip.width * clip.height * clip.num_frames); }

double sound_steps_of(Request clip) {
  clip.sound = true;
  return static_cast<double>(clip.sound_steps());
}

// One run's exchanges of one kind: the time that a step waits for them, and the time of one exchange alone.
struct Waiting {
  double waited_ms = 0;
  double calls = 0;
  double alone_ms = 0;  // one call
};

// By run_of().
using Waits = std::map<std::string, Waiting>;

// The ratio of the time waited to the time alone; none when it was not measured.
std::optional<double> waited_for(const Waits& waits) {
  double waited = 0, alone = 0;
  for (const auto& [run, each] : waits) {
    if (each.alone_ms == 0) continue;
    waited += each.waited_ms;
    alone += each.calls * each.alone_ms;
  }
  return alone > 0 ? std::optional(waited / alone) : std::nullopt;
}

// A key that all lines of one run share.
std::string run_of(const Json& line) {
  return line.value("model", "") + line.at("topology").dump() + line.at("size").dump();
}

constexpr std::string_view kHeads = "heads all-to-all";  // a phase that `orrery bench` also measures alone

class ProfileReader {
 public:
  void add(const Json& line) {
    device_ = line.at("device");
    const auto what = line.at("what").get<std::string>(), name = line.at("name").get<std::string>();
    const double ms = line.at("median_ms");
    const std::int64_t ranks = line.at("topology").at("ranks");
    constexpr std::string_view kPhase = "phase: ";
    if (what == "step" && name.starts_with(kPhase)) add_phase(line, name.substr(kPhase.size()), ms);
    if (what == "vae" && name.starts_with("clip") && ranks == 1) decode_.add(pixels_of(clip_of(line)), ms);
    if (what == "sound") sound_.add(sound_steps_of(clip_of(line)), ms);
    if (what == "collectives" && name.starts_with("all-to-all")) {
      exchange_.add(line.at("gbps").get<double>() * 1e6 * ms, ms);
      exchanges_[run_of(line)].alone_ms = ms;
    }
    if (what == "collectives" && name == "all-reduce over tp") {
      link_.add(line.at("gbps").get<double>() * 1e6 * ms, ms);
      sums_[run_of(line)].alone_ms = ms;
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
    take(machine.link, link_, "all-reduces");
    const double exchange = exchange_.rate() / waited_for(exchanges_).value_or(1);
    machine.exchange = exchange > 0 ? exchange : link_.rate() > 0 ? link_.rate() : machine.exchange;
    take(machine.decoded_pixels, decode_, "decoding");
    take(machine.sound_steps, sound_, "sound");
    machine.waited_for = waited_for(sums_).value_or(otherwise.waited_for);
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
    // Lines without "attention" were written when cuDNN's kernel was the only one.
    const std::string kernel = line.value("attention", "cudnn");
    MeasuredStep& step = steps_[kernel][line.value("gemm", "bf16")];
    const bool float8 = line.value("attention_format", "bf16") == "fp8";
    const Json& topology = line.at("topology");
    const double all_tokens = static_cast<double>(clip_of(line).tokens()),
                 tokens = all_tokens / topology.value("sp", 1);
    const double flops = line.value("tflops", 0.0) * 1e9 * ms, bytes = line.value("gbps", 0.0) * 1e6 * ms;
    const bool is_shared = topology.at("tp") > 1;
    Waiting* const sums = is_shared ? &sums_[run_of(line)] : nullptr;
    switch (kind_of(phase)) {
      case PhaseKind::Attention:
        (float8 ? float8_attention_[kernel] : step.attention)[all_tokens].add(flops, ms);
        if (sums != nullptr) sums->calls += 2 * line.at("calls").get<double>();
        break;
      case PhaseKind::Product:
        step.products[tokens].add(flops, ms);
        break;
      case PhaseKind::Memory:
        step.memory[tokens].add(bytes, ms);
        break;
      case PhaseKind::Exchange:
        if (phase == kHeads) add_heads(line, ms);
        if (sums != nullptr && !phase.ends_with("all-to-all")) sums->waited_ms += ms;
    }
  }

  void add_heads(const Json& line, double ms) {
    Waiting& exchange = exchanges_[run_of(line)];
    exchange.waited_ms += ms;
    exchange.calls += line.at("calls").get<double>();
  }

  std::string device_;
  std::map<std::string, std::map<std::string, MeasuredStep>> steps_;  // by attention kernel, then by --gemm
  std::map<std::string, ByTokens> float8_attention_;                  // by attention kernel
  Waits sums_;                                                        // all-reduces over tp, two in each layer
  Waits exchanges_;                                                   // all-to-alls of heads before attention
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
