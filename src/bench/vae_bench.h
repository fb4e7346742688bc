#pragma once

#include <map>
#include <string>

#include "bench/breakdown.h"
#include "bench/vae_ceilings.h"
#include "cosmos3/media.h"

namespace orrery {

// Of the phases that convolve, by name, for one latent frame of height × width cells.
std::map<std::string, PhaseCost> conv_costs(const WanConfig& config, std::int64_t height, std::int64_t width,
                                            const ConvCeilings& ceilings);

// Measures the decoding of a clip's latent, frame by frame, up to 8-bit pixels on the host; then the phases and kernels
// of one latent frame. `ceilings` has all its convolutions. Collective; every rank decodes the whole clip.
void bench_vae(const BenchModel& model, const MediaShape& shape, const ConvCeilings& ceilings,
               const BenchContext& context);

}  // namespace orrery
