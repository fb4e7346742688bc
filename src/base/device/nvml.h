#pragma once

#include <memory>
#include <optional>
#include <string>

namespace orrery {

// What one GPU says of itself.
struct GpuState {
  double sm_mhz = 0;
  double memory_mhz = 0;
  double power_w = 0;
  double temperature_c = 0;
};

// NVML, the management library that comes with NVIDIA's driver. It is loaded when it is wanted, so that the program
// starts where there is none, and asked in this process: a process with MPI and CUDA must not fork to run nvidia-smi.
class Nvml {
 public:
  // Null when the library is not there, or does not start.
  static std::unique_ptr<Nvml> load(const std::string& library = "libnvidia-ml.so.1");
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;
  ~Nvml();

  // Of the GPU with this UUID ("GPU-…" or "MIG-…"); none when NVML does not know it, or not all four numbers.
  std::optional<GpuState> state(const std::string& uuid) const;

 private:
  struct Functions;
  Nvml(void* library, std::unique_ptr<Functions> functions);

  void* library_;
  std::unique_ptr<Functions> functions_;
};

}  // namespace orrery
