#pragma once

#include "app/bench/ceilings.h"
#include "app/bench/context.h"
#include "models/audio/config.h"
#include "models/cosmos3/media.h"
#include "models/cosmos3/transformer.h"
#include "models/cost/step_costs.h"

namespace orrery {

// Measures a guidance branch and a whole denoise step of `tower`, built from the model's `config`, with random keys
// and values in place of texts; then the step's phases and kernels. Collective.
void bench_step(const GenTower& tower, const Cosmos3Config& config, const MediaShape& shape, const LayerWork& work,
                const LayerCeilings& ceilings, const BenchContext& context);

// Measures the decoding of the clip's sound latent. The model has a sound decoder. Collective; every rank decodes.
void bench_sound(const BenchModel& model, const BenchContext& context);

// Measures what the ranks exchange: over tp the all-reduce of a layer's (tokens, hidden), over cfg the all-gather of
// the branches' velocities. A group of one rank exchanges nothing and gets no line. Collective.
void bench_collectives(const LayerWork& work, const MediaShape& shape, const BenchContext& context);

// Measures plain reading, which loads are compared with: rank 0 reads the transformer's files one after another, 16 MiB
// at a time. Returns GB/s; 0 for random weights, which are in no file. Collective.
double bench_plain_read(const BenchModel& model, const BenchContext& context);

// Loads this rank's share of the media tower and adds the time to `report`, unless that is null. `plain_gbps`: what
// bench_plain_read returned, or 0. Collective.
GenTower load_media_tower(const BenchModel& model, const BenchContext& context, double plain_gbps, Report* report);

// Loads this rank's share of the text tower, adds the time to the context's report and releases the tower. Collective.
void bench_text_tower_load(const BenchModel& model, const BenchContext& context, double plain_gbps);

}  // namespace orrery
