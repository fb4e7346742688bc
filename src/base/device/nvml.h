#pragma once

#include <memory>
#include <optional>
#include <string>

namespace orrery {

// Clocks, power and temperature of one GPU at one moment.
struct GpuState {
  double sm_mhz = 0;
  double memory_mhz = 0;
  double power_w = 0;
  double temperature_c = 0;
};

// NVML, the management library that comes with NVIDIA's driver. It is loaded at run time, so that the program starts on
// hosts without it. It replaces nvidia-smi, which a process with MPI and CUDA must not fork to run.
class Nvml {
 public:
  // Null when the library is not there or cannot be initialized.
  static std::unique_ptr<Nvml> load(const std::string& library = "libnvidia-ml.so.1");
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;
  ~Nvml();

  // The state of the GPU with this UUID ("GPU-…" or "MIG-…"); none when NVML does not know the GPU or lacks one of the
  // numbers.
  std::optional<GpuState> state(const std::string& uuid) const;

 private:
  struct Functions;
  Nvml(void* library, std::unique_ptr<Functions> functions);

  void* library_;
  std::unique_ptr<Functions> functions_;
};

}  // namespace orrery
