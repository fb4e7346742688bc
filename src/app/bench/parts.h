#pragma once

#include <map>
#include <string>

#include "app/bench/bench.h"
#include "app/bench/breakdown.h"
#include "app/bench/report.h"
#include "models/audio/config.h"
#include "models/cosmos3/media.h"
#include "models/cosmos3/transformer.h"
#include "models/cost/step_costs.h"
#include "models/kernels/scaled_rows.h"
#include "models/wan/config.h"
#include "pipeline/video_decode.h"

namespace orrery {

// Measures each operation of a layer alone and adds a line for each to `report`, which may be null. With a report on a
// GPU, also measures attention by every kernel with fewer heads and with odd numbers of tokens. `products` is the
// format of the matrix products. Collective over all ranks.
LayerCeilings measure_layer_ceilings(const LayerWork& work, const BenchRanks& ranks, const Timer& timer,
                                     RowFormat products, Report* report);

// The time of each convolution alone with the fastest kernel and memory format [ms], by DecoderConv::text().
using ConvCeilings = std::map<std::string, double>;

// Measures each distinct convolution of the decoder for one latent frame of height × width cells, with several kernels
// and memory formats, and adds a line for each to `report`, which may be null. Collective.
ConvCeilings measure_conv_ceilings(const WanConfig& config, std::int64_t height, std::int64_t width,
                                   const BenchRanks& ranks, const Timer& timer, Report* report);

// Measures a guidance branch and a whole denoise step of `tower`, which was built from `model`, with random keys and
// values instead of texts; then the step's phases and kernels. A few-step model's step has one branch. Collective.
void bench_step(const GenTower& tower, const BenchModel& model, const MediaShape& shape, const LayerWork& work,
                const LayerCeilings& ceilings, const BenchContext& context);

// Measures each product of a layer in several 8-bit formats: the time, and the relative RMS error against float64, as
// the member "error" of the line. Inputs are random. On a CPU, and in lines with "emulated", the product is not
// computed in 8 bits and the time is meaningless. Collective.
void bench_formats(const LayerWork& work, const BenchContext& context);

// Random keys and values in place of those that the text tower computes from a prompt.
TextCache random_text(const Cosmos3Config& config, const BenchRanks& ranks);

// Measures the computation of one rank of an sp group of 2, 4 and 8 in a guidance branch, without the exchanges. A line
// also has the bytes that such a rank sends, the estimated time of sending them at the built-in rate of an H200, and
// the sum of both times. Throws InputError when the grid's sp is above 1. Collective.
void bench_shares(GenTower& tower, const Cosmos3Config& config, const MediaShape& shape, const BenchContext& context);

// Measures the decoding of the clip's sound latent. The model must have a sound decoder. Collective: every rank decodes
// the whole latent.
void bench_sound(const BenchModel& model, const BenchContext& context);

// Measures the collectives of a step: over tp the all-reduce of a layer's (tokens, hidden), over sp the all-to-all of
// its heads, over cfg the all-gather of the branches' velocities. Reports no line for a group of one rank. Collective.
void bench_collectives(const LayerWork& work, const MediaShape& shape, const BenchContext& context);

// Measures plain reads as the ceiling of loading: rank 0 reads the transformer's files one after another, 16 MiB at a
// time. Returns GB/s; 0 for random weights, which have no files. Collective.
double bench_plain_read(const BenchModel& model, const BenchContext& context);

// Loads this rank's share of the media tower and adds the time to `report`, unless that is null. `plain_gbps` is the
// result of bench_plain_read(), or 0. Collective.
GenTower load_media_tower(const BenchModel& model, const BenchContext& context, double plain_gbps, Report* report);

// Loads this rank's share of the text tower, adds the time to the context's report and releases the tower. Collective.
void bench_text_tower_load(const BenchModel& model, const BenchContext& context, double plain_gbps);

// The mean cost of a call of each phase with convolutions, by phase, for one latent frame of height × width cells.
std::map<std::string, PhaseCost> conv_costs(const WanConfig& config, std::int64_t height, std::int64_t width,
                                            const ConvCeilings& ceilings);

// The cells of each latent frame that the busiest rank decodes.
CellCount bench_part(const MediaShape& shape, const BenchContext& context);

// Adds to `costs` the bytes that a rank with two neighbours sends in each halo exchange for one latent frame, of which
// it decodes `strip`. An edge is `across` cells long.
void add_halo_costs(const WanConfig& config, CellCount strip, std::int64_t across, std::int64_t element_bytes,
                    std::map<std::string, PhaseCost>& costs);

// Measures the decoding of a clip's latent by all ranks, frame by frame, up to 8-bit pixels on rank 0's host; then the
// phases and kernels of one latent frame. `ceilings` must have the convolutions of bench_part(). Collective.
void bench_vae(const BenchModel& model, const MediaShape& shape, const ConvCeilings& ceilings,
               const BenchContext& context);

}  // namespace orrery
