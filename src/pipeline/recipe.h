#pragma once

#include <string>

#include "base/core/json.h"
#include "io/latents/latent_store.h"
#include "models/kernels/scaled_rows.h"
#include "models/nn/attention.h"
#include "models/nn/precision.h"
#include "models/sampler/schedule.h"
#include "models/zoo/checkpoint_files.h"
#include "pipeline/request.h"

namespace orrery {

// All settings of a run, apart from manifest lines, that change its clips' numbers. Settings that change only speed are
// not part of it. Latent files and snapshots store it in their `model`, except the schedule, whose sigmas they store. A
// new entry needs a member here and a row of the table in recipe.cpp.
struct Recipe {
  ScheduleRule schedule;
  RowFormat products = RowFormat::Plain;
  FullPrecisionSteps full_precision_steps;  // both 0 if nothing is in 8 bits
  InputScales input_scales = InputScales::Dynamic;
  AttentionKernel attention = AttentionKernel::Aten;
  RowFormat attention_format = RowFormat::Plain;
};

// The recipe for these options, with the attention kernel that the ranks agreed on. Throws what schedule_of() throws.
Recipe recipe_of(const ModelOptions& options, const CheckpointFiles& checkpoint,
                 AttentionKernel attention = AttentionKernel::Aten);

// All entries except the schedule, under the names that files use.
Json to_json(const Recipe& recipe);
// Adds the entries to a latent file's `model`, except those with the value that their absence means.
void add_recipe(const Recipe& recipe, Json& model);

// Like add_recipe(), but adds only the entries that, when they differ, make a different clip.
void add_identity(const Recipe& recipe, Json& json);

// The option, such as "gemm", of the first entry in which a file's clip differs from the request made by `recipe`; ""
// when the clip is the same. The attention kernel only changes rounding, so it does not make a different clip.
std::string other_entry(const LatentHeader& file, const Recipe& recipe, const Request& request);

// A remark on resuming a clip by `recipe` when its file's `model` differs in entries that do not make a different clip,
// such as the attention kernel; "" when they are equal or the file does not have them.
std::string remark_on_resuming(const std::string& model, const Recipe& recipe);

}  // namespace orrery
