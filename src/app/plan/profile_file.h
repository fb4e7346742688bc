#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/plan/machine_profile.h"

namespace orrery {

// A machine as a file of `orrery bench --json` lines has it, of one device; runs of several clip sizes, topologies and
// --gemm and --attention-kernel may follow one another.
struct MeasuredProfile {
  MachineProfile machine;             // of the steps with the kernel of `otherwise`, if there are any
  std::vector<std::string> borrowed;  // what the lines do not tell, in words, taken from `otherwise`
};

// Throws InputError that names the file and the line when it is something else, has lines of several devices, or no
// step with --gemm bf16 in it.
MeasuredProfile read_profile(const std::filesystem::path& file, const MachineProfile& otherwise);

}  // namespace orrery
