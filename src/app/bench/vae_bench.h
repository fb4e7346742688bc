#pragma once

#include <map>
#include <string>

#include "app/bench/breakdown.h"
#include "app/bench/ceilings.h"
#include "models/cosmos3/media.h"
#include "pipeline/video_decode.h"

namespace orrery {

// What the phases that convolve cost, by phase, for one latent frame of height × width cells.
std::map<std::string, PhaseCost> conv_costs(const WanConfig& config, std::int64_t height, std::int64_t width,
                                            const ConvCeilings& ceilings);

// Cells of each latent frame that the busiest rank decodes.
CellCount bench_part(const MediaShape& shape, const BenchContext& context);

// Adds to `costs` the bytes that a rank with two neighbours sends in each exchange of edges for one latent frame, of
// which it decodes `strip`; an edge is `across` cells long.
void add_halo_costs(const WanConfig& config, CellCount strip, std::int64_t across, std::int64_t element_bytes,
                    std::map<std::string, PhaseCost>& costs);

// Measures the decoding of a clip's latent by all ranks, frame by frame, up to 8-bit pixels on rank 0's host; then the
// phases and kernels of one latent frame. `ceilings` has the convolutions of bench_part. Collective.
void bench_vae(const BenchModel& model, const MediaShape& shape, const ConvCeilings& ceilings,
               const BenchContext& context);

}  // namespace orrery
