#include "base/device/nvml.h"

#include <dlfcn.h>

#include <utility>

namespace orrery {
namespace {

// Declarations copied from nvml.h, which is missing on build machines without CUDA; its ABI is stable.
using Device = void*;
constexpr int kSuccess = 0;
constexpr int kSmClock = 1;
constexpr int kMemoryClock = 2;
constexpr int kGpuTemperature = 0;

template <class Function>
bool find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(::dlsym(library, name));
  return function != nullptr;
}

}  // namespace

struct Nvml::Functions {
  int (*init)();
  int (*shutdown)();
  int (*device_of_uuid)(const char* uuid, Device* device);
  int (*clock)(Device device, int kind, unsigned* mhz);
  int (*power)(Device device, unsigned* milliwatts);
  int (*temperature)(Device device, int sensor, unsigned* celsius);

  bool load(void* library) {
    return find(library, "nvmlInit_v2", init) && find(library, "nvmlShutdown", shutdown) &&
           find(library, "nvmlDeviceGetHandleByUUID", device_of_uuid) &&
           find(library, "nvmlDeviceGetClockInfo", clock) && find(library, "nvmlDeviceGetPowerUsage", power) &&
           find(library, "nvmlDeviceGetTemperature", temperature);
  }
};

std::unique_ptr<Nvml> Nvml::load(const std::string& library) {
  void* const handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return nullptr;
  auto functions = std::make_unique<Functions>();
  if (!functions->load(handle) || functions->init() != kSuccess) {
    ::dlclose(handle);
    return nullptr;
  }
  return std::unique_ptr<Nvml>(new Nvml(handle, std::move(functions)));
}

Nvml::Nvml(void* library, std::unique_ptr<Functions> functions) : library_(library), functions_(std::move(functions)) {}

Nvml::~Nvml() {
  functions_->shutdown();
  ::dlclose(library_);
}

std::optional<GpuState> Nvml::state(const std::string& uuid) const {
  Device device = nullptr;
  unsigned sm = 0, memory = 0, milliwatts = 0, celsius = 0;
  const bool known = functions_->device_of_uuid(uuid.c_str(), &device) == kSuccess &&
                     functions_->clock(device, kSmClock, &sm) == kSuccess &&
                     functions_->clock(device, kMemoryClock, &memory) == kSuccess &&
                     functions_->power(device, &milliwatts) == kSuccess &&
                     functions_->temperature(device, kGpuTemperature, &celsius) == kSuccess;
  if (!known) return std::nullopt;
  return GpuState{static_cast<double>(sm), static_cast<double>(memory), milliwatts / 1e3, static_cast<double>(celsius)};
}

}  // namespace orrery
