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

// Measures each part of a layer by itself, a line each into `report`, which may be null. With a report on a GPU, it
// also measures attention by every kernel with fewer heads and with odd numbers of tokens. `products`: the format of
// the matrix products. Collective over all ranks.
LayerCeilings measure_layer_ceilings(const LayerWork& work, const BenchRanks& ranks, const Timer& timer,
                                     RowFormat products, Report* report);

// Milliseconds of each convolution by itself, with the fastest kernel and memory format, by DecoderConv::text().
using ConvCeilings = std::map<std::string, double>;

// Measures each size of convolution in the decoder for one latent frame of height × width cells, in every memory format
// that could be fast, a line each into `report`, which may be null. Collective.
ConvCeilings measure_conv_ceilings(const WanConfig& config, std::int64_t height, std::int64_t width,
                                   const BenchRanks& ranks, const Timer& timer, Report* report);

// Measures a guidance branch and a whole denoise step of `tower`, built from `model`, with random keys and values in
// place of texts; then the step's phases and kernels. A few-step model's step has one branch. Collective.
void bench_step(const GenTower& tower, const BenchModel& model, const MediaShape& shape, const LayerWork& work,
                const LayerCeilings& ceilings, const BenchContext& context);

// Measures each product of a layer in several formats of 8 bits: its time, and, as the member "error" of its line, the
// relative RMS of its distance from float64. Inputs are random. On a CPU, and where "emulated" says so, products of
// float32 numbers stand for those of 8 bits, and the times say nothing. Collective.
void bench_formats(const LayerWork& work, const BenchContext& context);

// What the text tower leaves of a prompt, random, without the tower.
TextCache random_text(const Cosmos3Config& config, const BenchRanks& ranks);

// Measures what a rank of an sp group of 2, 4 and 8 does in a guidance branch by itself, without the exchanges. A line
// also has the bytes that such a rank sends, the time that these take at the rate that is built in for an H200, and the
// sum of both times. Throws InputError when the ranks share tokens already. Collective.
void bench_shares(GenTower& tower, const Cosmos3Config& config, const MediaShape& shape, const BenchContext& context);

// Measures the decoding of the clip's sound latent. The model has a sound decoder. Collective; every rank decodes.
void bench_sound(const BenchModel& model, const BenchContext& context);

// Measures what the ranks exchange: over tp the all-reduce of a layer's (tokens, hidden), over sp the all-to-all
// of its heads, over cfg the all-gather of the branches' velocities. A group of one rank exchanges nothing and gets no
// line. Collective.
void bench_collectives(const LayerWork& work, const MediaShape& shape, const BenchContext& context);

// Measures plain reading, which loads are compared with: rank 0 reads the transformer's files one after another, 16 MiB
// at a time. Returns GB/s; 0 for random weights, which are in no file. Collective.
double bench_plain_read(const BenchModel& model, const BenchContext& context);

// Loads this rank's share of the media tower and adds the time to `report`, unless that is null. `plain_gbps`: what
// bench_plain_read returned, or 0. Collective.
GenTower load_media_tower(const BenchModel& model, const BenchContext& context, double plain_gbps, Report* report);

// Loads this rank's share of the text tower, adds the time to the context's report and releases the tower. Collective.
void bench_text_tower_load(const BenchModel& model, const BenchContext& context, double plain_gbps);

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
