// What snapshots cost the denoising: the time that its thread loses to each, and what their writing beside it slows a
// step down. Steps are stood in for by element-wise work on the device, as long as asked for; with "idle" the host only
// waits, as it does for a GPU, and the state is copied once more, as from a GPU's memory. Prints one JSON line.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "base/core/error.h"
#include "base/core/json.h"
#include "base/core/stopwatch.h"
#include "pipeline/snapshot.h"

namespace {

using namespace orrery;

// 189 frames of 1280 x 720.
const std::vector<std::int64_t> kShape{48, 48, 45, 80};

DenoiseState state_on(at::Device device) {
  const auto tensor = [&] { return at::rand(kShape, at::TensorOptions(device)); };
  return {{{Stream::Video, tensor()}}, {{Stream::Video, {2, tensor(), tensor(), tensor()}}}, {}};
}

void wait_for(const at::Tensor& tensor) { tensor.view(-1)[0].item<float>(); }

// Work of the device on values that stay between 0 and 2; or none.
class Step {
 public:
  Step(at::Device device, double seconds, bool idle)
      : seconds_(seconds), idle_(idle), x_(at::ones(kShape, at::TensorOptions(device))) {
    const Stopwatch watch;
    run(kTrial);
    rounds_ = std::max<std::int64_t>(1, std::llround(seconds / watch.seconds() * kTrial));
  }
  bool idle() const { return idle_; }
  void operator()() {
    if (idle_) {
      std::this_thread::sleep_for(std::chrono::duration<double>(seconds_));
    } else {
      run(rounds_);
    }
  }

 private:
  static constexpr std::int64_t kTrial = 10;
  void run(std::int64_t rounds) {
    for (std::int64_t i = 0; i < rounds; ++i) x_.sin_().add_(1.0);
    wait_for(x_);
  }
  double seconds_;
  bool idle_;
  at::Tensor x_;
  std::int64_t rounds_ = 0;
};

// What a copy from a GPU costs at least.
void copy(const DenoiseState& from, const DenoiseState& to) {
  to.latents.at(Stream::Video).copy_(from.latents.at(Stream::Video));
  const UniPcState& target = to.samplers.at(Stream::Video);
  const UniPcState& source = from.samplers.at(Stream::Video);
  target.last_sample.copy_(source.last_sample);
  target.model_output_0.copy_(source.model_output_0);
  target.model_output_1.copy_(source.model_output_1);
}

struct Run {
  double seconds = 0;
  double worst_lost = 0;  // by the denoising thread to one snapshot
  double written_in = 0;  // the last snapshot
};

// `steps` steps, with a snapshot after each or with none.
Run run(Step& step, int steps, const DenoiseState& state, SnapshotWriter* writer) {
  Run result;
  const DenoiseState buffer = state_on(at::kCPU);
  const Stopwatch total;
  for (int i = 0; i < steps; ++i) {
    step();
    if (writer == nullptr) continue;
    const Stopwatch lost;
    if (!writer->busy()) {
      require(writer->wait().empty(), "a snapshot could not be written");
      if (step.idle()) copy(state, buffer);
      writer->start(step.idle() ? buffer : state);
    }
    result.worst_lost = std::max(result.worst_lost, lost.seconds());
  }
  result.seconds = total.seconds();
  if (writer != nullptr) {
    require(writer->wait().empty(), "a snapshot could not be written");
    result.written_in = writer->expected_seconds(state);
  }
  return result;
}

Json measure(const std::filesystem::path& folder, const std::string& device_name, double step_seconds, int steps) {
  const bool idle = device_name == "idle";
  const at::Device device(idle ? "cpu" : device_name);
  const DenoiseState state = state_on(device);
  LatentFile clip;
  clip.timesteps.assign(35, 500);
  SnapshotWriter writer(folder / "snapshot.h5", clip);
  Step step(device, step_seconds, idle);
  step();
  const Run without = run(step, steps, state, nullptr);
  const Run with = run(step, steps, state, &writer);
  const Run without_again = run(step, steps, state, nullptr);
  const double base = (without.seconds + without_again.seconds) / 2;
  return {{"what", "a snapshot after every step: latents 48 x 48 x 45 x 80 and the sampler's state"},
          {"device", device_name},
          {"threads", at::get_num_threads()},
          {"steps", steps},
          {"seconds_a_step_without", base / steps},
          {"seconds_a_step_with", with.seconds / steps},
          {"ratio", with.seconds / base},
          {"seconds_lost_by_the_thread", with.worst_lost},
          {"lost_of_a_3_s_step", with.worst_lost / 3},
          {"seconds_to_write_behind", with.written_in},
          {"snapshot_bytes", std::filesystem::file_size(folder / "snapshot.h5")}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 5) {
    std::cerr << "usage: orrery_snapshot_cost FOLDER [cpu|cuda|idle] [SECONDS_A_STEP] [STEPS]\n";
    return 2;
  }
  try {
    std::cout << measure(argv[1], argc > 2 ? argv[2] : "cpu", argc > 3 ? std::atof(argv[3]) : 3,
                         argc > 4 ? std::atoi(argv[4]) : 8)
                     .dump()
              << "\n";
  } catch (const std::exception& error) {
    std::cerr << "orrery_snapshot_cost: " << error.what() << "\n";
    return 1;
  }
}
