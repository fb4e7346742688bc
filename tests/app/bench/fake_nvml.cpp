// A library with NVML's functions for one GPU, GPU-1.
#include <cstring>

namespace {
int device;
}

extern "C" {

int nvmlInit_v2() { return 0; }
int nvmlShutdown() { return 0; }

int nvmlDeviceGetHandleByUUID(const char* uuid, void** found) {
  *found = &device;
  return std::strcmp(uuid, "GPU-1") == 0 ? 0 : 6;
}

int nvmlDeviceGetClockInfo(void*, int kind, unsigned* mhz) {
  *mhz = kind == 1 ? 1980 : kind == 2 ? 2619 : 0;
  return 0;
}

int nvmlDeviceGetPowerUsage(void*, unsigned* milliwatts) {
  *milliwatts = 120'500;
  return 0;
}

int nvmlDeviceGetTemperature(void*, int sensor, unsigned* celsius) {
  *celsius = 34;
  return sensor == 0 ? 0 : 2;
}
}
